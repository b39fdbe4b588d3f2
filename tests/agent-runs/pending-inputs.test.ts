import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import type { InputOptions } from '../../src/agent-runs/pending-inputs.ts';
import type { NewRun } from '../../src/agent-runs/recorder.ts';
import type { RunBook } from '../../src/agent-runs/run-book.ts';
import { createRunStore } from '../../src/agent-runs/sqlite/create-run-store.ts';
import { createPlaces } from '../../src/limits/places.ts';
import { createWaitingRoom } from '../../src/limits/waiting-room.ts';
import type { InputAnswer, InputRequest } from '../../src/run-input.ts';
import { RunError } from '../../src/run-error.ts';
import { createPatientWrites } from '../../src/state/patient-writes.ts';
import { toAgentRequest } from '../sessions/agent-request.ts';
import { createTestRunBook, NO_INPUTS } from '../support/create-test-run-book.ts';
import { createAskingRun } from './asking-run.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inputs-'));
});
afterEach(async () => {
  vi.useRealTimers();
  await rm(folder, { recursive: true });
});

const toRequest = (id: string): InputRequest => ({
  type: 'approval-request',
  id,
  callId: 'toolu_1',
  toolName: 'Bash',
  input: { command: 'ls' },
  suggestions: [],
});

const AWAY = new RunError('queue-timeout', 'It cannot be reached at present.');

const ALLOW = { decision: 'allow' } as const;

/** Runs that ask for leave, as `inp_` and their id, and a book of them. */
function open(options: Partial<InputOptions> & { backgroundTimeoutMs?: number } = {}) {
  const given: InputAnswer[] = [];
  const { run, answer: tell } = createAskingRun(toRequest);
  const { backgroundTimeoutMs = 60_000, ...inputs } = options;
  const store = createRunStore({ file: join(folder, 'runs.db'), onSetAside: () => undefined });
  const handOn: InputOptions['steering']['answer'] = async (_runId, id, answer) => {
    given.push(answer);
    tell(id, answer);
  };
  const book = createTestRunBook({
    store,
    writes: createPatientWrites({ patienceMs: 10_000, onProblem: () => undefined }),
    ttlMs: 1000,
    maxBackgroundPerKey: 1000,
    backgroundTimeoutMs,
    inputs: {
      ...NO_INPUTS,
      steering: { ...NO_INPUTS.steering, answer: handOn },
      ...inputs,
    },
  });
  return { run, book, store, given, handOn };
}

const newRun = (requestId: string, keyId = 'a'): NewRun => {
  const request = toAgentRequest();
  return {
    request: { ...request, caller: { ...request.caller, keyId, requestId } },
    body: { prompt: 'Hi' },
    isBackground: true,
    toAnswer: () => ({ result: 'Hello.' }),
    toFailure: ({ code }) => ({ error: { code } }),
  };
};

const stays = new AbortController().signal;

/** The run up to this event. */
async function until(book: RunBook, id: string, type: string, keyId = 'a') {
  for await (const event of book.follow(id, keyId, 0, stays)) {
    if (event.type === type) return JSON.parse(event.data) as Record<string, unknown>;
  }
  throw new Error(`There was no ${type}.`);
}

test('a run waits until it is answered, and nobody answers it twice', async () => {
  const { run, book, given } = open();
  await book.start(run, newRun('r1'));
  await until(book, 'r1', 'approval-request');
  expect((await book.get('r1', 'a')).state).toBe('waiting');
  expect(await book.listInputs('a')).toMatchObject([
    { id: 'inp_r1', runId: 'r1', answer: undefined },
  ]);
  expect(await book.answer('r1', 'a', 'inp_r1', ALLOW)).toMatchObject({ answer: ALLOW });
  await until(book, 'r1', 'run-end');
  await expect(book.answer('r1', 'a', 'inp_r1', ALLOW)).rejects.toMatchObject({
    code: 'conflict',
    message: 'This was answered already: allow.',
  });
  expect(given).toEqual([ALLOW]);
  expect(await book.listInputs('a')).toEqual([]);
});

test('an answer of which the store only could not say that it has it is handed on', async () => {
  const { run, book, store } = open();
  await book.start(run, newRun('r1'));
  await until(book, 'r1', 'approval-request');
  const { answer } = store.inputs;
  store.inputs.answer = async (...given) => {
    store.inputs.answer = answer;
    await answer(...given);
    throw AWAY;
  };
  await expect(book.answer('r1', 'a', 'inp_r1', ALLOW)).rejects.toBe(AWAY);
  expect(await until(book, 'r1', 'input-settled')).toMatchObject({ decision: 'allow' });
});

test('an answer is handed on when the server of the run can be reached again', async () => {
  const steer = vi.fn<InputOptions['steering']['answer']>().mockRejectedValueOnce(AWAY);
  const { run, book, handOn } = open({ steering: { ...NO_INPUTS.steering, answer: steer } });
  steer.mockImplementation(handOn);
  await book.start(run, newRun('r1'));
  await until(book, 'r1', 'approval-request');
  await book.answer('r1', 'a', 'inp_r1', ALLOW);
  expect(await until(book, 'r1', 'input-settled')).toMatchObject({ decision: 'allow' });
});

test('of two answers at the same time the first holds', async () => {
  const { run, book, given } = open();
  await book.start(run, newRun('r1'));
  await until(book, 'r1', 'approval-request');
  const deny = { decision: 'deny', message: 'No.' } as const;
  const [first, second] = await Promise.allSettled([
    book.answer('r1', 'a', 'inp_r1', deny),
    book.answer('r1', 'a', 'inp_r1', ALLOW),
  ]);
  expect(first).toMatchObject({ value: { answer: deny } });
  expect(second).toMatchObject({ reason: { code: 'conflict' } });
  await until(book, 'r1', 'run-end');
  expect(given).toEqual([deny]);
});

test('another key can neither see nor answer what a run waits for', async () => {
  const { run, book } = open();
  await book.start(run, newRun('r1'));
  await book.start(run, newRun('r2', 'b'));
  await until(book, 'r1', 'approval-request');
  await until(book, 'r2', 'approval-request', 'b');
  const notFound = { code: 'not-found' };
  await expect(book.answer('r1', 'b', 'inp_r1', ALLOW)).rejects.toMatchObject(notFound);
  await expect(book.answer('r2', 'b', 'inp_r1', ALLOW)).rejects.toMatchObject(notFound);
  expect((await book.listInputs('b')).map(({ id }) => id)).toEqual(['inp_r2']);
});

const isForbidden = ({ decision, ...rest }: InputAnswer, ask: boolean) =>
  decision === 'allow' && (ask || 'input' in rest);

const refuse =
  (ask: boolean): InputOptions['check'] =>
  async (_key, _request, answer) => {
    if (isForbidden(answer, ask)) throw new RunError('forbidden', 'Not with this key.');
    return [];
  };

test('what the rules forbid is not asked, and not allowed by an answer', async () => {
  const asked = open({ check: refuse(true) });
  await asked.book.start(asked.run, newRun('r1'));
  await until(asked.book, 'r1', 'run-end');
  expect(asked.given).toEqual([{ decision: 'deny', message: 'Not with this key.' }]);

  const { run, book, given } = open({ check: refuse(false) });
  await book.start(run, newRun('r2'));
  await until(book, 'r2', 'approval-request');
  const changed = { ...ALLOW, input: { command: 'rm' } };
  await expect(book.answer('r2', 'a', 'inp_r2', changed)).rejects.toMatchObject({
    code: 'forbidden',
  });
  expect(given).toEqual([]);
  await book.answer('r2', 'a', 'inp_r2', ALLOW);
  expect(given).toEqual([ALLOW]);
});

test('paths that cannot be looked at are neither denied nor allowed', async () => {
  let isAway = true;
  const checkPaths = vi.fn<InputOptions['checkPaths']>(async () => {
    if (isAway) throw AWAY;
  });
  const { run, book, given } = open({ check: async () => ['/there/file'], checkPaths });
  await book.start(run, newRun('r1'));
  await until(book, 'r1', 'approval-request');
  await expect.poll(() => checkPaths).toHaveBeenCalledWith('r1', ['/there/file']);
  await expect(book.answer('r1', 'a', 'inp_r1', ALLOW)).rejects.toBe(AWAY);
  expect((await book.get('r1', 'a')).state).toBe('waiting');
  isAway = false;
  await book.answer('r1', 'a', 'inp_r1', ALLOW);
  await until(book, 'r1', 'run-end');
  expect(given).toEqual([ALLOW]);
});

test('a key that is revoked gets no leave any more', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  let isRevoked = false;
  const { run, book, given } = open({
    check: async () => {
      if (isRevoked) throw new RunError('unauthenticated', 'This key was revoked.');
      return [];
    },
  });
  await book.start(run, newRun('r1'));
  await until(book, 'r1', 'approval-request');
  isRevoked = true;
  await vi.advanceTimersByTimeAsync(3000);
  await until(book, 'r1', 'run-end');
  expect(given).toEqual([{ decision: 'deny', message: 'This key was revoked.' }]);
  expect(vi.getTimerCount()).toBe(0);
});

test.each([
  { name: 'a key', bounds: { maxPerKey: 1 }, keys: ['a', 'b', 'a'] },
  {
    name: 'the server',
    bounds: { takeRoom: createWaitingRoom(createPlaces(), () => 2) },
    keys: ['a', 'b', 'c'],
  },
])('only so many runs of $name wait at once', async ({ bounds, keys }) => {
  const { run, book, given } = open(bounds);
  for (const [index, key] of keys.entries()) {
    await book.start(run, newRun(`r${index}`, key));
    await until(book, `r${index}`, 'approval-request', key);
  }
  await until(book, 'r2', 'run-end', keys[2]);
  expect(given).toEqual([
    { decision: 'deny', message: 'Too many runs wait for an answer already.' },
  ]);
  expect((await book.get('r1', 'b')).state).toBe('waiting');
});

test('waiting does not count against the time of a run, and has a time of its own', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  const { run, book, given } = open({ timeoutMs: 5000, backgroundTimeoutMs: 1000 });
  await book.start(run, newRun('r1'));
  await until(book, 'r1', 'approval-request');
  await vi.advanceTimersByTimeAsync(4999);
  expect((await book.get('r1', 'a')).state).toBe('waiting');
  await vi.advanceTimersByTimeAsync(1);
  await until(book, 'r1', 'run-end');
  expect(given).toEqual([{ decision: 'deny', message: 'Nobody answered within 5 s.' }]);
});

test.each(['killed', 'cancelled'])(
  'what a run waited for that was %s cannot be answered',
  async (how) => {
    const first = open();
    await first.book.start(first.run, newRun('r1'));
    await until(first.book, 'r1', 'approval-request');
    if (how === 'cancelled') await first.book.cancel('r1', 'a');
    const { book } = how === 'killed' ? open() : first;
    if (how === 'killed') await book.takeOver();
    expect((await book.get('r1', 'a')).state).toBe(how === 'killed' ? 'interrupted' : 'cancelled');
    await expect(book.answer('r1', 'a', 'inp_r1', ALLOW)).rejects.toMatchObject({
      code: 'conflict',
      message: 'The run does not wait for this any more.',
    });
    expect(await book.listInputs('a')).toEqual([]);
  },
);
