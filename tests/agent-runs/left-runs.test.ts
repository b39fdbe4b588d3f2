import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import type { BeginRun } from '../../src/agent-runs/left-runs.ts';
import type { NewRun } from '../../src/agent-runs/recorder.ts';
import type { RunBook, RunBookOptions } from '../../src/agent-runs/run-book.ts';
import { createRunStore } from '../../src/agent-runs/sqlite/create-run-store.ts';
import { goOnWithRuns } from '../../src/routes/runs/run-agent.ts';
import type { Run } from '../../src/run.ts';
import { RunError } from '../../src/run-error.ts';
import { RUN_START, toAgentRequest } from '../sessions/agent-request.ts';
import { sayHello } from '../support/create-test-app.ts';
import { createTestRunBook } from '../support/create-test-run-book.ts';

let folder: string;
let dead: Set<string>;
let books: RunBook[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'left-'));
  dead = new Set();
  books = [];
});
afterEach(async () => {
  for (const book of books) await book.close(END);
  await rm(folder, { recursive: true });
});

const END = new RunError('shutting-down', 'The server stops.');
const stays = new AbortController().signal;

const isRunning = (id: string) => !dead.has(id);

/** One of several servers on the folder; it runs until it is among the dead. */
const open = async (id: string, options: Partial<RunBookOptions> = {}) => {
  const store = createRunStore({ file: join(folder, 'runs.db'), onSetAside: () => undefined });
  const server = { id, isAlone: false, isRunning };
  const book = createTestRunBook({ store, server, ...options });
  books.push(book);
  await book.takeOver();
  return book;
};

const newRun = (requestId: string): NewRun => {
  const request = toAgentRequest();
  return {
    request: { ...request, caller: { ...request.caller, keyId: 'a', requestId } },
    body: { prompt: 'Hi' },
    isBackground: true,
    toAnswer: () => ({}),
    toFailure: ({ code, message }) => ({ error: { code, message } }),
  };
};

const ELSEWHERE = {
  code: 'conflict',
  message: expect.stringContaining('Another server on the same state folder') as string,
};

const refuse: Run = () => {
  throw END;
};

/** Waits for its turn until it is stopped. */
const queued: Run = async function* queued(_, signal) {
  yield { type: 'run-progress', step: 'queued' };
  await new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
};

/** Begins, asks something, and waits for the answer until it is stopped. */
const waiting: Run = async function* waiting(request, signal) {
  yield { type: 'run-progress', step: 'placed' };
  yield RUN_START;
  const { requestId } = request.caller;
  yield { type: 'plan-review', id: `inp-${requestId}`, callId: 'toolu_1', plan: '' };
  yield* queued(request, signal);
};

/** Carries out what a book has taken over, and notes what that was. */
const carryOut = (book: RunBook) => {
  const begin = vi.fn<BeginRun>(async ({ id }) =>
    book.start(sayHello, { ...newRun(id), wasPutOff: true }),
  );
  book.beginLeft(begin);
  return () => begin.mock.calls.map(([run]) => run.id);
};

const read = (book: RunBook, id: string) => Array.fromAsync(book.follow(id, 'a', 0, stays));

test('what a dead server had not begun one living server carries out, once', async () => {
  const one = await open('one');
  for (const id of ['r1', 'r2']) await one.start(queued, newRun(id));
  const others = [await open('two'), await open('three')] as const;
  const begun = others.map(carryOut);
  for (const book of others) await book.takeOver();
  expect(await Promise.all(others.map((book) => book.hasLeft()))).toEqual([false, false]);

  dead.add('one');
  expect(await Promise.all(others.map((book) => book.hasLeft()))).toEqual([true, true]);
  for (const book of others) await book.takeOver();
  // The one that took it over tells, and so does the other.
  for (const book of others) {
    for (const id of ['r1', 'r2']) {
      expect((await read(book, id)).at(-1)).toMatchObject({ type: 'run-end' });
    }
    expect((await book.get('r2', 'a')).state).toBe('done');
  }
  expect(begun.map((list) => list())).toEqual([['r1', 'r2'], []]);
});

test('what a server gives back as it stops another one carries out', async () => {
  const one = await open('one');
  await one.start(queued, newRun('r1'));
  const two = await open('two');
  const begun = carryOut(two);
  const told = read(two, 'r1');
  await one.close(END);
  books.shift();
  expect(await two.hasLeft()).toBe(true);
  await two.takeOver();
  expect((await told).at(-1)).toMatchObject({ type: 'run-end' });
  expect(begun()).toEqual(['r1']);
});

test('one that is taken over by a server that stops at once is for the next', async () => {
  const one = await open('one');
  await one.start(queued, newRun('r1'));
  dead.add('one');
  const two = await open('two');
  two.beginLeft(async ({ id }) => {
    await two.start(refuse, { ...newRun(id), wasPutOff: true }).catch(() => {
      return two.failLeft(id, { error: {} });
    });
  });
  await vi.waitFor(async () => expect(await two.hasLeft()).toBe(true), 20_000);
  const three = await open('three');
  expect(carryOut(three)).toBeTypeOf('function');
  await three.takeOver();
  expect((await read(three, 'r1')).at(-1)).toMatchObject({ type: 'run-end' });
});

test('one that cannot begin has failed, and keeps no other', async () => {
  const one = await open('one');
  for (const id of ['r1', 'r2']) await one.start(queued, newRun(id));
  dead.add('one');
  const two = await open('two');
  two.beginLeft(async ({ id }) => {
    if (id === 'r1') await two.failLeft(id, { error: { message: 'Not any more.' } });
    else await two.start(sayHello, { ...newRun(id), wasPutOff: true });
  });
  await read(two, 'r2');
  expect(await two.get('r1', 'a')).toMatchObject({
    state: 'failed',
    failure: { error: { message: 'Not any more.' } },
  });
});

test('one whose servers are lost as they begin it is begun three times, and has failed then', async () => {
  const first = await open('0');
  await first.start(queued, newRun('r1'));
  const fatal = vi.fn<Run>(async function* never(_, signal) {
    await new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    yield RUN_START;
  });
  for (const id of ['1', '2', '3']) {
    dead.add(String(Number(id) - 1));
    goOnWithRuns(fatal, await open(id));
    await vi.waitFor(() => expect(fatal).toHaveBeenCalledTimes(Number(id)), 20_000);
  }
  dead.add('3');
  const last = await open('4');
  goOnWithRuns(fatal, last);
  await vi.waitFor(async () => {
    expect(await last.get('r1', 'a')).toMatchObject({
      state: 'failed',
      failure: { error: { message: expect.stringContaining('it is not begun again') as string } },
    });
  }, 20_000);
  expect(fatal).toHaveBeenCalledTimes(3);
});

test('one that could neither begin nor be ended, as the store was away, is tried again', async () => {
  const one = await open('one');
  await one.start(queued, newRun('r1'));
  dead.add('one');
  const onProblem = vi.fn<(error: unknown) => void>();
  const two = await open('two', { onProblem });
  let tries = 0;
  two.beginLeft(async ({ id }) => {
    tries += 1;
    if (tries === 1) throw new RunError('queue-timeout', 'The store is away.');
    await two.start(sayHello, { ...newRun(id), wasPutOff: true });
  });
  expect((await read(two, 'r1')).at(-1)).toMatchObject({ type: 'run-end' });
  expect(onProblem).toHaveBeenCalledOnce();
  expect(await two.get('r1', 'a')).toMatchObject({ state: 'done' });
});

test('one that was taken over is cancelled before it begins, and never does', async () => {
  const one = await open('one');
  for (const id of ['r1', 'r2']) await one.start(queued, newRun(id));
  dead.add('one');
  const two = await open('two');
  expect(await two.cancel('r1', 'a')).toMatchObject({ state: 'cancelled' });
  const begun = carryOut(two);
  await read(two, 'r2');
  expect(begun()).toEqual(['r2']);
  expect(await two.get('r1', 'a')).toMatchObject({ state: 'cancelled' });
});

test('one that is cancelled while it is about to begin ends as soon as it has begun', async () => {
  const one = await open('one');
  await one.start(queued, newRun('r1'));
  dead.add('one');
  const two = await open('two');
  const [asked, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  two.beginLeft(async ({ id }) => {
    asked.resolve();
    await held.promise;
    await two.start(queued, { ...newRun(id), wasPutOff: true });
  });
  await asked.promise;
  const cancelling = two.cancel('r1', 'a');
  held.resolve();
  expect(await cancelling).toMatchObject({ state: 'cancelled' });
});

test('what a dead server had begun is interrupted, and the runs of the living go on', async () => {
  const one = await open('one');
  await one.start(waiting, newRun('r1'));
  const two = await open('two');
  const three = await open('three');
  await two.start(waiting, newRun('r2'));
  await three.start(waiting, newRun('r3'));
  const states = async () => {
    const runs = await Promise.all(['r1', 'r2', 'r3'].map((id) => two.get(id, 'a')));
    return runs.map(({ state }) => state);
  };
  await vi.waitFor(
    async () => expect(await states()).toEqual(['waiting', 'waiting', 'waiting']),
    20_000,
  );

  dead.add('one');
  const stop = new AbortController();
  const changes = two.watch('a', stop.signal)[Symbol.asyncIterator]();
  await two.takeOver();
  expect((await changes.next()).value).toMatchObject({ runId: 'r1', state: 'interrupted' });
  stop.abort();
  expect(await states()).toEqual(['interrupted', 'waiting', 'waiting']);
  expect(await two.listInputs('a')).toMatchObject([{ runId: 'r2' }, { runId: 'r3' }]);
});

test('a file of an older server is read, and its runs are left when nobody else is there', async () => {
  const store = createRunStore({ file: join(folder, 'runs.db'), onSetAside: () => undefined });
  await store.close();
  const { DatabaseSync } = await import('node:sqlite');
  const database = new DatabaseSync(join(folder, 'runs.db'));
  database.exec(`DROP INDEX runs_unfinished; ALTER TABLE runs DROP COLUMN server;
    INSERT INTO runs (id, keyId, state, createdAt, isBackground, model, body)
      VALUES ('r1', 'a', 'queued', 1, 1, 'sonnet', '{"prompt":"Hi"}'),
        ('r2', 'a', 'running', 1, 1, 'sonnet', '{"prompt":"Hi"}')`);
  database.close();
  const beside = await open('one');
  expect((await beside.get('r2', 'a')).state).toBe('running');
  const alone = await open('two', { server: { id: 'two', isAlone: true, isRunning: () => true } });
  const begun = carryOut(alone);
  expect((await read(alone, 'r1')).at(-1)).toMatchObject({ type: 'run-end' });
  expect(begun()).toEqual(['r1']);
  expect((await alone.get('r2', 'a')).state).toBe('interrupted');
});

test('what cannot be said to a run of another server of the folder is refused with what to do', async () => {
  const [one, two] = [await open('one'), await open('two')];
  await one.start(waiting, newRun('r1'));
  await expect.poll(() => two.get('r1', 'a')).toMatchObject({ state: 'waiting' });
  await expect(two.cancel('r1', 'a')).rejects.toMatchObject(ELSEWHERE);
  const steering = await two.steer('r1', 'a');
  await expect(steering.interrupt('r1')).rejects.toMatchObject(ELSEWHERE);
  expect(await one.cancel('r1', 'a')).toMatchObject({ state: 'cancelled' });
});
