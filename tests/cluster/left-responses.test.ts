import { randomUUID } from 'node:crypto';

import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';

import { openSharedState } from '../../src/cluster/open-shared-state.ts';
import { createBackgroundRuns } from '../../src/responses/background-runs.ts';
import { createResponseBook } from '../../src/responses/response-book.ts';
import { createSharedBackground } from '../../src/responses/shared-background.ts';
import { createSharedStore } from '../../src/responses/shared-store.ts';
import { RunError } from '../../src/run-error.ts';
import type { Run, RunEvent } from '../../src/run.ts';
import { createPatientWrites } from '../../src/state/patient-writes.ts';
import type { SharedState } from '../../src/state/shared-state.ts';
import { RUN_END, RUN_START } from '../sessions/agent-request.ts';
import { APP_KEY, createTestApp } from '../support/create-test-app.ts';

import { type RedisServer, startRedis } from './start-redis.ts';

/** Servers in this process: whose is a background response that one of them left? */

const LEASE_MS = 600;
const SECRET = 'a-secret-of-this-cluster-0123456789';
const AWAY = new RunError('queue-timeout', 'Redis is away.');

let redis: RedisServer;
const ends: (() => void)[] = [];
beforeAll(async () => {
  redis = await startRedis();
});
afterEach(() => {
  for (const end of ends.splice(0)) end();
});
afterAll(() => redis.stop());

/** A server whose runs say this; `link.isAway` cuts it off from Redis, and `link.losesAnswers` loses what that says. */
async function openServer(prefix: string, run: Run) {
  const state = await openSharedState({ redisUrl: redis.url, secret: SECRET, prefix, onProblem });
  const link = { isAway: false, losesAnswers: false };
  const through: <Result>(work: () => Promise<Result>) => Promise<Result> = async (work) => {
    if (link.isAway) throw AWAY;
    const result = await work();
    if (link.losesAnswers || link.isAway) throw AWAY;
    return result;
  };
  const shared: SharedState = {
    ...state,
    ask: (work) => through(() => state.ask(work)),
    run: (...args) => through(() => state.run(...args)),
  };
  const writes = createPatientWrites({ patienceMs: 20_000, onProblem });
  const background = await createSharedBackground({
    local: createBackgroundRuns(60_000),
    shared,
    leaseMs: LEASE_MS,
    ttlMs: 60_000,
    writes,
    onProblem,
  });
  const store = createSharedStore({ shared, ttlMs: 60_000, toOwner: background.toOwner });
  const bounds = { ttlMs: 60_000, maxPerKey: 10, maxBytesPerKey: 1_000_000 };
  const book = createResponseBook({ store, ...bounds, writes, onProblem });
  const stopping = new AbortController().signal;
  const settings = { maxBodyBytes: 100_000 };
  const app = createTestApp({ run, responses: { book, background, stopping }, settings });
  const isLeft = async ({ id }: { id: string }) =>
    !(await background.isAlive(id)) && (await background.takeOver(id));
  ends.push(background.close, state.end);
  const send = async (path: string, body?: object) =>
    app.request(path, {
      ...(body && { method: 'POST', body: JSON.stringify(body) }),
      headers: { authorization: `Bearer ${APP_KEY}`, 'content-type': 'application/json' },
    });
  return {
    link,
    lose: state.end,
    close: () => background.endAll(new RunError('shutting-down', 'The server stops.')),
    sweep: () => book.endUnfinished((response) => ({ ...response, status: 'failed' }), isLeft),
    /** Returns the id. */
    async start(more: object = {}) {
      const body = { model: 'sonnet', input: 'Hi', background: true, ...more };
      const text = await (await send('/v1/responses', body)).text();
      return /"id":"(resp_[^"]+)"/.exec(text)?.[1] ?? '';
    },
    read: async (id: string) => (await send(`/v1/responses/${id}`)).json() as Promise<object>,
    follow: async (id: string) => (await send(`/v1/responses/${id}?stream=true`)).text(),
    cancel: async (id: string) => (await send(`/v1/responses/${id}/cancel`, {})).json(),
  };
}

type Server = Awaited<ReturnType<typeof openServer>>;

async function untilStatus(server: Server, id: string, status: string, sweeping: Server[] = []) {
  await vi.waitFor(
    async () => {
      await Promise.all(sweeping.map(({ sweep }) => sweep()));
      expect(await server.read(id)).toMatchObject({ status });
    },
    { timeout: 20_000, interval: 50 },
  );
}

/** Says a text, and counts how often it was asked. */
function createSaying(text: string) {
  const asked: string[] = [];
  const run: Run = async function* say({ caller }) {
    asked.push(caller.requestId);
    yield* toEvents(text);
  };
  return { run, asked };
}

/** Says this much of an answer, and the rest when it is let go. */
function createHeld(text: string, before: number) {
  const held = Promise.withResolvers<void>();
  const run: Run = async function* hold(_, signal) {
    const events = toEvents(text);
    yield* events.slice(0, before);
    signal.addEventListener('abort', () => held.reject(signal.reason));
    await held.promise;
    yield* events.slice(before);
  };
  return { run, release: held.resolve };
}

/** Never says anything, and counts how often it was asked. */
function createFatal() {
  const asked: string[] = [];
  const run: Run = async function* stay({ caller }, signal) {
    asked.push(caller.requestId);
    await new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    yield RUN_START;
  };
  return { run, asked };
}

async function untilBegun(server: Server, check: () => void) {
  await vi.waitFor(
    async () => {
      await server.sweep();
      check();
    },
    { timeout: 20_000, interval: 50 },
  );
}

function toEvents(text: string): RunEvent[] {
  return [
    RUN_START,
    { type: 'part-start', index: 0, part: { type: 'text' } },
    { type: 'part-delta', index: 0, delta: text },
    { type: 'part-end', index: 0 },
    RUN_END,
  ];
}

test('of several servers one begins it anew, once', async () => {
  const prefix = randomUUID();
  const { run, asked } = createSaying('from another');
  const lost = await openServer(prefix, createHeld('never said', 1).run);
  const others = [await openServer(prefix, run), await openServer(prefix, run)] as const;
  const id = await lost.start();
  lost.lose();
  await untilStatus(others[0], id, 'completed', [...others]);
  expect(JSON.stringify(await others[1].read(id))).toContain('from another');
  expect(asked).toHaveLength(1);
});

test('a server that was only cut off changes nothing any more when it is back', async () => {
  const prefix = randomUUID();
  const { run, release } = createHeld('from the first', 1);
  const first = await openServer(prefix, run);
  const other = await openServer(prefix, createSaying('from another').run);
  const id = await first.start();
  first.link.isAway = true;
  await untilStatus(other, id, 'completed', [other]);
  const found = await other.read(id);
  first.link.isAway = false;
  release();
  await first.close();
  expect(await other.read(id)).toEqual(found);
  expect(JSON.stringify(found)).toContain('from another');
});

test('a claim whose answer is lost with the connection is no lost response', async () => {
  const prefix = randomUUID();
  const { run, asked } = createSaying('after all');
  const lost = await openServer(prefix, createHeld('never said', 1).run);
  const other = await openServer(prefix, run);
  const id = await lost.start();
  lost.lose();
  await vi.waitFor(
    async () => {
      const [sign] = await redis.client.keys(`${prefix}:state:background:${id}`);
      expect(sign).toBeUndefined();
    },
    { timeout: 20_000, interval: 50 },
  );
  other.link.losesAnswers = true;
  await expect(other.sweep()).rejects.toThrow('away');
  other.link.losesAnswers = false;
  await untilStatus(other, id, 'completed', [other]);
  expect(asked).toHaveLength(1);
});

test('who reads along hears each event once, though the states before the first word had been told', async () => {
  const prefix = randomUUID();
  const lost = await openServer(prefix, createHeld('never said', 1).run);
  const other = await openServer(prefix, createSaying('from another').run);
  const starting = lost.start({ stream: true });
  void starting.catch(() => undefined);
  await vi.waitFor(async () => {
    const [events] = await redis.client.keys(`${prefix}:state:background:*:events`);
    expect(await redis.client.xlen(events ?? '')).toBe(3);
  }, 20_000);
  const [key = ''] = await redis.client.keys(`${prefix}:state:background:*:events`);
  const id = key.split(':').at(-2) ?? '';
  const following = other.follow(id);
  lost.lose();
  await untilStatus(other, id, 'completed', [other]);
  const numbers = [...(await following).matchAll(/"sequence_number":(\d+)/g)].map(([, n]) =>
    Number(n),
  );
  expect(numbers.length).toBeGreaterThan(6);
  expect(numbers).toEqual(numbers.map((_, index) => index));
  expect(await following).toContain('from another');
});

test('a limit that is full when it is taken over is waited for', async () => {
  const prefix = randomUUID();
  const { run, asked } = createSaying('when there was room');
  let refusals = 0;
  const limited: Run = async function* limit(request, signal) {
    refusals += 1;
    if (refusals < 3) throw new RunError('rate-limited', 'Later.', { retryAfterSeconds: 0 });
    yield* run(request, signal);
  };
  const lost = await openServer(prefix, createHeld('never said', 1).run);
  const other = await openServer(prefix, limited);
  const id = await lost.start();
  lost.lose();
  await untilStatus(other, id, 'completed', [other]);
  expect(asked).toHaveLength(1);
});

test('one whose servers are lost one after the other is begun three times, and has failed then', async () => {
  const prefix = randomUUID();
  const { run, asked } = createFatal();
  const lost = await openServer(prefix, run);
  const ids = [await lost.start(), await lost.start(), await lost.start()];
  await vi.waitFor(() => expect(asked).toHaveLength(3), 20_000);
  lost.lose();
  for (const count of [6, 7]) {
    const next = await openServer(prefix, run);
    await untilBegun(next, () => expect(asked).toHaveLength(count));
    next.lose();
  }
  const { run: answer, asked: answered } = createSaying('from another');
  const other = await openServer(prefix, answer);
  await vi.waitFor(
    async () => {
      await other.sweep();
      const found = (await Promise.all(ids.map(other.read))) as { status: string }[];
      expect(found.map(({ status }) => status).toSorted()).toEqual([
        'completed',
        'completed',
        'failed',
      ]);
    },
    { timeout: 20_000, interval: 50 },
  );
  expect(answered).toHaveLength(2);
  expect(asked).toHaveLength(7);
  const all = JSON.stringify(await Promise.all(ids.map(other.read)));
  expect(all.split('so it is not begun again')).toHaveLength(2);
});

test('a long input is taken over whole', async () => {
  const prefix = randomUUID();
  let heard: string[] = [];
  const run: Run = async function* hear({ messages }) {
    heard = messages.map((message) => /\d+/.exec(JSON.stringify(message))?.[0] ?? '');
    yield* toEvents('Heard.');
  };
  const lost = await openServer(prefix, createHeld('never said', 1).run);
  const other = await openServer(prefix, run);
  const lines = Array.from({ length: 601 }, (_, index) => `${index}`);
  const id = await lost.start({
    input: lines.map((content, index) => ({ role: index % 2 ? 'assistant' : 'user', content })),
  });
  lost.lose();
  await untilStatus(other, id, 'completed', [other]);
  expect(heard).toEqual(lines);
});

test('one that servers leave as they stop goes on, however often', async () => {
  const prefix = randomUUID();
  const { run, asked } = createFatal();
  const first = await openServer(prefix, run);
  const id = await first.start();
  await vi.waitFor(() => expect(asked).toHaveLength(1), 20_000);
  await first.close();
  for (const count of [2, 3, 4]) {
    const next = await openServer(prefix, run);
    await untilBegun(next, () => expect(asked).toHaveLength(count));
    await next.close();
  }
  const other = await openServer(prefix, createSaying('from another').run);
  await untilStatus(other, id, 'completed', [other]);
});

test('one that is cancelled while no server is at it is begun by none', async () => {
  const prefix = randomUUID();
  const { run, asked } = createSaying('never');
  const lost = await openServer(prefix, createHeld('never said', 1).run);
  const other = await openServer(prefix, run);
  const id = await lost.start();
  lost.lose();
  expect(await other.cancel(id)).toMatchObject({ status: 'cancelled' });
  await other.sweep();
  expect(await other.read(id)).toMatchObject({ status: 'cancelled' });
  expect(asked).toEqual([]);
});

test('what was asked can be read by nobody, and is gone when the response has ended', async () => {
  const prefix = randomUUID();
  const { run, release } = createHeld('Hello.', 1);
  const server = await openServer(prefix, run);
  const id = await server.start({ instructions: 'a word that nobody may find' });
  const task = `${prefix}:state:background:${id}:task`;
  expect(String(await redis.client.hgetBuffer(task, 'asked'))).not.toContain('nobody');
  expect(await redis.client.pttl(task)).toBeGreaterThan(0);
  release();
  await untilStatus(server, id, 'completed');
  await expect.poll(() => redis.client.hexists(task, 'asked')).toBe(0);
});

function onProblem(): void {}
