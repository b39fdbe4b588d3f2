import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import type { NewRun } from '../../src/agent-runs/recorder.ts';
import { createRunBook, type RunBookOptions } from '../../src/agent-runs/run-book.ts';
import { createRunStore } from '../../src/agent-runs/run-store.ts';
import { createGate } from '../../src/layers/gate.ts';
import { withGate } from '../../src/layers/with-gate.ts';
import type { Run } from '../../src/run.ts';
import { toAgentRequest } from '../sessions/agent-request.ts';
import { sayHello } from '../support/create-test-app.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'runs-'));
});
afterEach(() => rm(folder, { recursive: true }));

const open = (options: Partial<RunBookOptions> = {}) =>
  createRunBook({
    store: createRunStore({ file: join(folder, 'runs.db'), onSetAside: () => undefined }),
    ttlMs: 1000,
    maxBytesPerKey: 1_000_000,
    maxBackgroundPerKey: 1000,
    backgroundTimeoutMs: 60_000,
    ...options,
  });

const newRun = (requestId: string, { keyId = 'a', isBackground = true } = {}): NewRun => {
  const request = toAgentRequest();
  return {
    request: { ...request, isPatient: true, caller: { ...request.caller, keyId, requestId } },
    body: { prompt: 'Hi' },
    isBackground,
    toAnswer: () => ({ result: 'Hello.' }),
    toFailure: ({ code }) => ({ error: { code } }),
  };
};

const stays = new AbortController().signal;
const carryOut = (run: AsyncIterable<unknown>) => Array.fromAsync(run);

const endless: Run = async function* endless(_, signal) {
  yield { type: 'run-progress', step: 'queued' };
  await new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
};

test('what was cut by a kill is interrupted at the next start', async () => {
  const book = open();
  await book.start(endless, newRun('r1'));
  expect(open().get('r1', 'a')).toMatchObject({
    state: 'interrupted',
    endedAt: expect.any(Number),
  });
});

test('another key’s run is as none', async () => {
  const book = open();
  await carryOut(book.record(sayHello, newRun('r1'), stays));
  expect(() => book.get('r1', 'b')).toThrow('There is no run with this id.');
  expect(() => book.remove('r1', 'b')).toThrow('There is no run with this id.');
  await expect(book.cancel('r1', 'b')).rejects.toMatchObject({ code: 'not-found' });
  expect(() => book.follow('r1', 'b', 0, stays)).toThrow('There is no run with this id.');
  expect(book.list('b', { limit: 10 })).toEqual([]);
});

test('ended runs go after their time, and the oldest when there are too many bytes', async () => {
  let time = 0;
  const book = open({ now: () => time, maxBytesPerKey: 1200 });
  for (const id of ['r1', 'r2', 'r3']) {
    time += 100;
    await carryOut(book.record(sayHello, newRun(id), stays));
  }
  const left = () => book.list('a', { limit: 10 }).map(({ id }) => id);
  expect(left()).toEqual(['r3', 'r2']);
  time = 1200;
  book.removeExpired();
  expect(left()).toEqual(['r3']);
});

test('a key has so many runs in the background, and no more', async () => {
  const book = open({ maxBackgroundPerKey: 1 });
  await book.start(endless, newRun('r1'));
  await expect(book.start(sayHello, newRun('r2'))).rejects.toMatchObject({ code: 'queue-full' });
  await book.start(sayHello, newRun('r3', { keyId: 'b' }));
  await book.cancel('r1', 'a');
  await book.start(sayHello, newRun('r4'));
});

test('200 runs in the background wait their turn and all end, and leave others their room', async () => {
  const gate = createGate({ concurrency: 2, maxQueueSize: 1, queueTimeoutMs: 10 });
  const book = open();
  const held = Promise.withResolvers<void>();
  const run = withGate(async function* slow(request, signal) {
    await held.promise;
    yield* sayHello(request, signal);
  }, gate);
  const ids = Array.from({ length: 200 }, (_, index) => `r${index}`);
  for (const id of ids) await book.start(run, newRun(id));
  expect(gate.counts()).toMatchObject({ running: 2, waiting: 198 });

  const impatient = gate.enter('b', stays);
  await expect(gate.enter('b', stays)).rejects.toMatchObject({ code: 'queue-full' });
  await expect(impatient).rejects.toMatchObject({ code: 'queue-timeout' });

  held.resolve();
  for (const id of ids) await carryOut(book.follow(id, 'a', 0, stays));
  const states = book.list('a', { limit: 1000 }).map(({ state }) => state);
  expect(states).toEqual(ids.map(() => 'done'));
});

test('a record that cannot be written costs nobody the answer', async () => {
  const problems: unknown[] = [];
  const store = createRunStore({ file: join(folder, 'runs.db'), onSetAside: () => undefined });
  const book = open({ store, onProblem: (error) => void problems.push(error) });
  store.close();
  const events = await carryOut(book.record(sayHello, newRun('r1'), stays));
  expect(events.at(-1)).toMatchObject({ type: 'run-end' });
  expect(problems).not.toEqual([]);
});
