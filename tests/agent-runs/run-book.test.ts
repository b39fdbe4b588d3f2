import { mkdtemp, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import type { BeginRun } from '../../src/agent-runs/left-runs.ts';
import type { NewRun } from '../../src/agent-runs/recorder.ts';
import type { RunBookOptions } from '../../src/agent-runs/run-book.ts';
import { createRunStore } from '../../src/agent-runs/sqlite/create-run-store.ts';
import { createGate } from '../../src/layers/gate.ts';
import { createHeldPlaces, withGate } from '../../src/layers/with-gate.ts';
import type { Run } from '../../src/run.ts';
import { RunError } from '../../src/run-error.ts';
import { createPatientWrites } from '../../src/state/patient-writes.ts';
import { toAgentRequest } from '../sessions/agent-request.ts';
import { sayHello } from '../support/create-test-app.ts';
import { createTestRunBook, NO_WEBHOOKS } from '../support/create-test-run-book.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'runs-'));
});
afterEach(() => rm(folder, { recursive: true }));

const open = (options: Partial<RunBookOptions> = {}) =>
  createTestRunBook({
    store: openStore(),
    ttlMs: 1000,
    maxBackgroundPerKey: 1000,
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

/** A book of what an earlier server left. */
const openAgain = async (options: Partial<RunBookOptions> = {}) => {
  const book = open(options);
  await book.takeOver();
  return book;
};

/** What SQLite says when there is no room: https://sqlite.org/rescode.html#full */
const isFull = async () => {
  throw Object.assign(new Error('database or disk is full'), { errcode: 13 });
};

const openStore = () =>
  createRunStore({ file: join(folder, 'runs.db'), onSetAside: () => undefined });

const stays = new AbortController().signal;
const clock = { signal: stays, pause: () => undefined, resume: () => undefined };
const carryOut = (run: AsyncIterable<unknown>) => Array.fromAsync(run);

const endless: Run = async function* endless(_, signal) {
  yield { type: 'run-progress', step: 'queued' };
  await new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
};

const begun: Run = async function* begun(request, signal) {
  yield { type: 'run-progress', step: 'placed' };
  yield* endless(request, signal);
};

test('the webhook of a run that a kill cut is told at the next start', async () => {
  const webhook = { url: 'https://example.com/', secret: 'whsec_a' };
  await open().start(begun, { ...newRun('r1'), body: { prompt: 'Hi', webhook } });
  const send = vi.fn<RunBookOptions['webhooks']['send']>();
  await openAgain({ webhooks: { ...NO_WEBHOOKS, send } });
  const data = { runId: 'r1', sessionId: null, state: 'interrupted', approvals: [] };
  expect(send.mock.calls).toEqual([[webhook, 'r1', { type: 'run.interrupted', data }]]);
});

test('what was cut by a kill is interrupted at the next start', async () => {
  const book = open();
  await book.start(begun, newRun('r1'));
  void carryOut(book.record(begun, newRun('r2', { isBackground: false }), clock));
  const next = await openAgain();
  for (const id of ['r1', 'r2']) {
    expect(await next.get(id, 'a')).toMatchObject({
      state: 'interrupted',
      endedAt: expect.any(Number),
    });
  }
  const begin = vi.fn<BeginRun>();
  next.beginLeft(begin);
  expect(begin).not.toHaveBeenCalled();
});

test.each(['kill', 'stop'])('what waited for its turn at a %s goes on after it', async (how) => {
  const book = open({ maxBackgroundPerKey: 1 });
  await book.start(endless, newRun('r1'));
  if (how === 'stop') await book.close(new RunError('shutting-down', 'It stops.'));
  const next = await openAgain({ maxBackgroundPerKey: 1 });
  next.beginLeft(async (run) => {
    expect(run).toMatchObject({ id: 'r1', keyId: 'a', body: { prompt: 'Hi' } });
    await next.start(sayHello, { ...newRun('r1'), wasPutOff: true });
  });
  expect(await carryOut(next.follow('r1', 'a', 0, stays))).toMatchObject([
    { id: 1, type: 'run-start' },
    { type: 'part-start' },
    { type: 'part-delta' },
    { type: 'part-end' },
    { id: 5, type: 'run-end' },
  ]);
  expect(await next.list('a', { limit: 10 })).toMatchObject([{ id: 'r1', state: 'done' }]);
});

test('the time of a run in the background begins with its turn', async () => {
  const turn = Promise.withResolvers<void>();
  const book = open({ backgroundTimeoutMs: 1 });
  const seen: boolean[] = [];
  const run: Run = async function* late(_, signal) {
    const over = once(signal, 'abort');
    yield { type: 'run-progress', step: 'queued' };
    await turn.promise;
    seen.push(signal.aborted);
    yield { type: 'run-progress', step: 'placed' };
    await over;
    throw signal.reason;
  };
  await book.start(run, newRun('r1'));
  await delay(20);
  turn.resolve();
  await carryOut(book.follow('r1', 'a', 0, stays));
  expect(seen).toEqual([false]);
  expect(await book.get('r1', 'a')).toMatchObject({ failure: { error: { code: 'timeout' } } });
});

test('a run that outlives its reader goes on, and tells a reader who stays all', async () => {
  const more = Promise.withResolvers<void>();
  const run: Run = async function* slow(request, signal) {
    const events = sayHello(request, signal);
    for await (const event of events) {
      yield event;
      if (event.type === 'run-start') await more.promise;
    }
  };
  const book = open();
  const left = new AbortController();
  const [leaving, staying] = [newRun('r1'), newRun('r2')].map((details) =>
    book.outlive(run, { ...details, isBackground: false }, left.signal)[Symbol.asyncIterator](),
  );
  expect(await leaving?.next()).toMatchObject({ value: { type: 'run-start' } });
  expect(await staying?.next()).toMatchObject({ value: { type: 'run-start' } });
  await leaving?.return?.();
  more.resolve();
  for (const type of ['part-start', 'part-delta', 'part-end', 'run-end']) {
    expect(await staying?.next()).toMatchObject({ value: { type } });
  }
  await carryOut(book.follow('r1', 'a', 0, stays));
  expect((await book.get('r1', 'a')).state).toBe('done');
});

const refuse: Run = () => {
  throw new RunError('forbidden', 'Not here.');
};

test('a run that may not be says so to the reader whom it would outlive', async () => {
  const events = open().outlive(refuse, newRun('r1', { isBackground: false }), stays);
  await expect(carryOut(events)).rejects.toMatchObject({ code: 'forbidden' });
});

test('another key’s run is as none', async () => {
  const book = open();
  await carryOut(book.record(sayHello, newRun('r1'), clock));
  const none = { code: 'not-found', message: 'There is no run with this id.' };
  await expect(book.get('r1', 'b')).rejects.toMatchObject(none);
  await expect(book.remove('r1', 'b')).rejects.toMatchObject(none);
  await expect(book.cancel('r1', 'b')).rejects.toMatchObject(none);
  await expect(carryOut(book.follow('r1', 'b', 0, stays))).rejects.toMatchObject(none);
  expect(await book.list('b', { limit: 10 })).toEqual([]);
});

test('ended runs go after their time, and the oldest when there are too many bytes', async () => {
  let time = 0;
  const book = open({ now: () => time, maxBytesPerKey: 1200 });
  for (const id of ['r1', 'r2', 'r3']) {
    time += 100;
    await carryOut(book.record(sayHello, newRun(id), clock));
  }
  const left = async () => (await book.list('a', { limit: 10 })).map(({ id }) => id);
  expect(await left()).toEqual(['r3', 'r2']);
  time = 1200;
  await book.removeExpired();
  expect(await left()).toEqual(['r3']);
});

test('a key has so many runs in the background, and no more', async () => {
  const book = open({ maxBackgroundPerKey: 1 });
  await book.start(endless, newRun('r1'));
  await expect(book.start(sayHello, newRun('r2'))).rejects.toMatchObject({ code: 'queue-full' });
  await book.start(sayHello, newRun('r3', { keyId: 'b' }));
  await book.cancel('r1', 'a');
  await book.start(sayHello, newRun('r4'));
});

test('a run that was refused since the store’s answer was lost is not on record, and takes no room', async () => {
  const store = openStore();
  let isLost = true;
  const add: typeof store.add = async (...run) => {
    const outcome = await store.add(...run);
    if (isLost) throw new RunError('queue-timeout', 'The store does not answer.');
    return outcome;
  };
  const book = open({ store: { ...store, add }, maxBackgroundPerKey: 1 });
  await expect(book.start(endless, newRun('r1'))).rejects.toMatchObject({ code: 'queue-timeout' });
  isLost = false;
  expect(await book.list('a', { limit: 10 })).toEqual([]);
  await book.start(sayHello, newRun('r2'));
});

test('200 runs in the background wait their turn and all end, and leave others their room', async () => {
  const gate = createGate({ concurrency: 2, maxQueueSize: 1, queueTimeoutMs: 10 });
  const book = open();
  const held = Promise.withResolvers<void>();
  const run = withGate(async function* slow(request, signal) {
    await held.promise;
    yield* sayHello(request, signal);
  }, createHeldPlaces(gate));
  const ids = Array.from({ length: 200 }, (_, index) => `r${index}`);
  for (const id of ids) await book.start(run, newRun(id));
  expect(gate.counts()).toMatchObject({ running: 2, waiting: 198 });

  const impatient = gate.enter('b', stays);
  await expect(gate.enter('b', stays)).rejects.toMatchObject({ code: 'queue-full' });
  await expect(impatient).rejects.toMatchObject({ code: 'queue-timeout' });

  held.resolve();
  for (const id of ids) await carryOut(book.follow(id, 'a', 0, stays));
  const states = (await book.list('a', { limit: 1000 })).map(({ state }) => state);
  expect(states).toEqual(ids.map(() => 'done'));
});

test('what a run cost is noted when its process ends after it, as the server stops', async () => {
  const problems: unknown[] = [];
  const book = open({
    writes: createPatientWrites({ onProblem: (error) => problems.push(error) }),
  });
  await book.start(begun, newRun('r1'));
  const reason = new RunError('shutting-down', 'It stops.');
  await book.endAll(reason);
  await book.charge('r1', 0.25);
  expect(await book.get('r1', 'a')).toMatchObject({ costUsd: 0.25 });
  await book.close(reason);
  expect(problems).toEqual([]);
});

test('the cost of a chat, which is no run, writes nothing', async () => {
  const store = createRunStore({ file: join(folder, 'runs.db'), onSetAside: () => undefined });
  const other = new DatabaseSync(join(folder, 'runs.db'));
  other.exec('BEGIN IMMEDIATE'); // nobody else can write
  await expect(store.charge('req_of_a_chat', 0.1, 'one')).resolves.toBeUndefined();
  other.exec('COMMIT');
  other.close();
  await store.close();
});

test('a record that cannot be written costs nobody the answer', async () => {
  const problems: unknown[] = [];
  const store = createRunStore({ file: join(folder, 'runs.db'), onSetAside: () => undefined });
  const book = open({ store, onProblem: (error) => void problems.push(error) });
  await store.close();
  const events = await carryOut(book.record(sayHello, newRun('r1'), clock));
  expect(events.at(-1)).toMatchObject({ type: 'run-end' });
  expect(problems).not.toEqual([]);
});

test('what goes on whoever reads it does not begin when it cannot be put on record', async () => {
  const book = open({ store: { ...openStore(), add: isFull } });
  let began = 0;
  const run: Run = (request, signal) => {
    began += 1;
    return sayHello(request, signal);
  };
  const failure = expect.objectContaining({ errcode: 13 });
  await expect(book.start(run, newRun('one'))).rejects.toEqual(failure);
  await expect(carryOut(book.outlive(run, newRun('two'), stays))).rejects.toEqual(failure);
  expect(began).toBe(0);
  // The caller of this one has its answer without a record.
  expect(await carryOut(book.record(run, newRun('three'), clock))).not.toEqual([]);
});

test('who follows a run whose end cannot be stored is told that it is over', async () => {
  const store = openStore();
  const { promise: said, resolve } = Promise.withResolvers<void>();
  const book = open({ store: { ...store, end: isFull } });
  const run: Run = async function* held(request, signal) {
    yield { type: 'run-progress', step: 'placed' };
    await said;
    yield* sayHello(request, signal);
  };
  await book.start(run, newRun('one'));
  const following = carryOut(book.follow('one', 'a', 0, stays));
  resolve();
  expect(await following).not.toEqual([]);
});
