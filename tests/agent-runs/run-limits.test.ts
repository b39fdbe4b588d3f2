import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import type { NewRun } from '../../src/agent-runs/recorder.ts';
import type { RunLimits } from '../../src/agent-runs/run-clock.ts';
import { createRunStore } from '../../src/agent-runs/sqlite/create-run-store.ts';
import type { Run } from '../../src/run.ts';
import { RUN_START, toAgentRequest } from '../sessions/agent-request.ts';
import { createTestRunBook, NO_INPUTS } from '../support/create-test-run-book.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'limits-'));
});
afterEach(async () => {
  vi.useRealTimers();
  await rm(folder, { recursive: true });
});

const open = (limits: RunLimits, more: Parameters<typeof createTestRunBook>[0] = {}) =>
  createTestRunBook({
    store: createRunStore({ file: join(folder, 'runs.db'), onSetAside: () => undefined }),
    limitsOf: (keyId) => Promise.resolve(keyId === 'limited' ? limits : {}),
    ...more,
  });

/** Begins, waits for an answer if it is told to, and goes on until it is stopped. */
const toEndless = (inputId?: string): Run =>
  async function* endless({ caller: { requestId } }, signal) {
    yield { type: 'run-progress', step: 'placed' };
    yield RUN_START;
    if (inputId !== undefined) {
      yield { type: 'plan-review', id: `${inputId}-${requestId}`, callId: 'toolu_1', plan: '' };
    }
    await new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  };

const newRun = (requestId: string, keyId = 'limited'): NewRun => {
  const request = toAgentRequest();
  return {
    request: { ...request, caller: { ...request.caller, keyId, requestId } },
    body: { prompt: 'Hi' },
    isBackground: true,
    toAnswer: () => ({}),
    toFailure: ({ code, message }) => ({ error: { code, message } }),
  };
};

const END = new Error('The test is over.');

test('a run is stopped when the time of its key is over, and not before', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  const book = open({ secondsPerRun: 2 });
  await book.start(toEndless(), newRun('r1'));
  await book.start(toEndless(), newRun('r2', 'other'));
  await vi.advanceTimersByTimeAsync(1999);
  expect((await book.get('r1', 'limited')).state).toBe('running');
  await vi.advanceTimersByTimeAsync(1);
  expect(await book.get('r1', 'limited')).toMatchObject({
    state: 'failed',
    failure: { error: { code: 'timeout', message: 'A run of this key may take 2 s, and has.' } },
  });
  expect((await book.get('r2', 'other')).state).toBe('running');
  vi.useRealTimers();
  await book.close(END);
});

test('the time in which a run waits for its caller does not count', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  const book = open({ secondsPerRun: 2 });
  await book.start(toEndless('inp'), newRun('r1'));
  await vi.advanceTimersByTimeAsync(10_000);
  expect((await book.get('r1', 'limited')).state).toBe('waiting');
  vi.useRealTimers();
  await book.close(END);
});

test('of runs that are started at once, only so many of a key go on in the background', async () => {
  const book = open({ backgroundRuns: 2 });
  const starts = ['r1', 'r2', 'r3'].map((id) => book.start(toEndless(), newRun(id)));
  const results = await Promise.allSettled(starts);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
  await expect(starts[2]).rejects.toMatchObject({ code: 'queue-full' });
  await book.start(toEndless(), newRun('r4', 'other'));
  await book.close(END);
});

test('a run that goes on when its caller leaves counts like one in the background', async () => {
  const book = open({ backgroundRuns: 1 });
  const { signal } = new AbortController();
  const toUnread = (id: string): NewRun => ({
    ...newRun(id),
    body: { prompt: 'Hi', onDisconnect: 'continue' },
    isBackground: false,
  });
  const first = book.outlive(toEndless(), toUnread('r1'), signal)[Symbol.asyncIterator]();
  await first.next();
  const second = book.outlive(toEndless(), toUnread('r2'), signal)[Symbol.asyncIterator]();
  await expect(second.next()).rejects.toMatchObject({ code: 'queue-full' });
  await expect(book.start(toEndless(), newRun('r3'))).rejects.toMatchObject({ code: 'queue-full' });
  await book.close(END);
});

test('only so many of a key wait for an answer; further ones are denied', async () => {
  const denied: string[] = [];
  const answer = async (_runId: string, id: string) => void denied.push(id);
  const steering = { ...NO_INPUTS.steering, answer };
  const book = open({ waitingRuns: 1 }, { inputs: { ...NO_INPUTS, steering } });
  await book.start(toEndless('inp'), newRun('r1'));
  await book.start(toEndless('inp'), newRun('r2'));
  await book.start(toEndless('inp'), newRun('r3', 'other'));
  await vi.waitFor(() => expect(denied).toEqual(['inp-r2']), 20_000);
  await book.close(END);
});
