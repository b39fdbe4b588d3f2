import { randomUUID } from 'node:crypto';

import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';

import { listFree } from '../../src/cluster/front/list-free.ts';
import type { Front } from '../../src/cluster/front/open-front.ts';
import { createNames, LEFT_MS } from '../../src/cluster/names.ts';
import type { WorkerFacts } from '../../src/cluster/worker-list.ts';
import { collectRun } from '../../src/run-answer.ts';
import type { Run, RunRequest } from '../../src/run.ts';
import { toChatRequest, toExchange } from '../claude/chat-request.ts';
import { openTestFront, openTestWorker } from './open-test-members.ts';
import { sayText } from './say-text.ts';
import { type RedisServer, startRedis } from './start-redis.ts';

let redis: RedisServer;
const leaving: (() => Promise<unknown>)[] = [];
const problems: unknown[] = [];
const onProblem = (error: unknown) => void problems.push(error);
beforeAll(async () => {
  redis = await startRedis();
});
afterEach(async () => {
  for (const leave of leaving.splice(0).toReversed()) await leave();
  problems.length = 0;
});
afterAll(() => redis.stop());

test('where nobody waits a run begins without a job, and goes on where its conversation is', async () => {
  const prefix = randomUUID();
  const asked: string[] = [];
  for (const name of ['one', 'other']) {
    await work(
      prefix,
      sayText('Hello.', () => asked.push(name)),
    );
  }
  const front = await join(prefix);
  await redis.client.call('ACL', 'SETUSER', 'default', '-hmset'); // with which each job is added
  try {
    for (const round of [1, 2, 3]) {
      asked.length = 0;
      const first = `Round ${round}.`;
      await collect(front, { messages: toExchange(first) });
      await collect(front, { messages: toExchange(first, 'Hello.', 'And now?') });
      expect(new Set(asked).size).toBe(1);
    }
  } finally {
    await redis.client.call('ACL', 'SETUSER', 'default', '+hmset');
  }
});

test('a worker whose places are taken begins nothing more, whatever a front believes', async () => {
  const prefix = randomUUID();
  const begun: string[] = [];
  const held = Promise.withResolvers<void>();
  const say = sayText('Hello.');
  const run: Run = async function* holding(request, signal) {
    begun.push(request.caller.keyId);
    await held.promise;
    yield* say(request, signal);
  };
  const { id } = await work(prefix, run, 2);
  const [front, other] = [await join(prefix), await join(prefix, { lockMs: 600_000 })];
  const heard = await listen(createNames(prefix).toWorker(id));
  const asked = ['a', 'b'].map((keyId) => collect(front, { keyId }));
  await vi.waitFor(() => expect(begun).toEqual(['a', 'b']), 20_000);
  // It looks again in a minute: until then both places are free to it.
  asked.push(...['c', 'd'].map((keyId) => collect(other, { keyId })));
  const waiting = `${createNames(prefix).prefix}:${createNames(prefix).sharedQueue}:prioritized`;
  await vi.waitFor(async () => expect(await redis.client.zcard(waiting)).toBe(2), 20_000);
  expect(heard).toHaveLength(4);
  expect(begun).toEqual(['a', 'b']);
  held.resolve();
  await Promise.all(asked);
  expect(begun).toEqual(['a', 'b', 'c', 'd']);
});

test('who comes as a place gets free does not overtake those who wait', async () => {
  const prefix = randomUUID();
  const order: string[] = [];
  const late: Promise<unknown>[] = [];
  const held = Promise.withResolvers<void>();
  const say = sayText('Hello.');
  await work(prefix, async function* noting(request, signal) {
    const { keyId } = request.caller;
    order.push(keyId);
    if (keyId === 'held') await held.promise;
    else if (late.length < 3) late.push(collect(other, { keyId: 'a' }));
    yield* say(request, signal);
  });
  const [front, other] = [await join(prefix), await join(prefix)];
  const asked = ['held', 'a', 'b', 'c', 'b'].map((keyId) => collect(front, { keyId }));
  const waiting = createNames(prefix).waiting;
  await vi.waitFor(async () => expect(await redis.client.zcard(waiting)).toBe(4), 20_000);
  held.resolve();
  await Promise.all(asked);
  await Promise.all(late);
  expect(order).toEqual(['held', 'a', 'b', 'c', 'b', 'a', 'a', 'a']);
});

test('what a worker does not claim is put on the queue', async () => {
  const prefix = randomUUID();
  const heard = await pretendWorker(prefix, { fronts: {} });
  const front = await join(prefix);
  const answers: string[] = [];
  await work(
    prefix,
    sayText('Hello.', () => answers.push('answered')),
  );
  await collect(front);
  expect({ heard, answers }).toEqual({
    heard: [expect.stringContaining('offer ')],
    answers: ['answered'],
  });
});

test('who leaves before the offer is claimed leaves nothing behind', async () => {
  const prefix = randomUUID();
  const heard = await pretendWorker(prefix, { fronts: {} });
  const front = await join(prefix);
  const left = new AbortController();
  const asking = collect(front, {}, left.signal);
  asking.catch(() => undefined);
  await vi.waitFor(() => expect(heard).not.toEqual([]), { timeout: 20_000, interval: 1 });
  left.abort(new Error('left'));
  await expect(asking).rejects.toThrow('left');
  await vi.waitFor(async () => {
    expect(
      await redis.client.keys(`${prefix}:${createNames(prefix).sharedQueue}:????????-*`),
    ).toEqual([]);
    expect(await redis.client.zcard(`${prefix}:waiting`)).toBe(0);
  }, 20_000);
  const [, run = '', signature] = String(heard[0]).split(' ');
  const carriedOut: string[] = [];
  const worker = await work(
    prefix,
    sayText('Hello.', () => carriedOut.push(run)),
  );
  await redis.client.publish(createNames(prefix).toWorker(worker.id), `offer ${run} ${signature}`);
  await collect(front);
  expect(carriedOut).toHaveLength(1); // of the second one
});

test('a worker of an earlier version is offered nothing', async () => {
  const prefix = randomUUID();
  const heard = await pretendWorker(prefix, {});
  const front = await join(prefix, { queueTimeoutMs: 300 });
  await expect(collect(front)).rejects.toMatchObject({ code: 'queue-timeout' });
  expect(heard.filter((message) => message.startsWith('offer '))).toEqual([]);
});

test('an offer that nobody of the cluster signed is not carried out', async () => {
  const prefix = randomUUID();
  const carriedOut: string[] = [];
  const worker = await work(
    prefix,
    sayText('Hello.', () => carriedOut.push('carried out')),
  );
  const offer = `offer ${randomUUID()} ${'x'.repeat(43)}`;
  await redis.client.publish(createNames(prefix).toWorker(worker.id), offer);
  await vi.waitFor(() => expect(String(problems)).toContain('wrong signature'), 20_000);
  expect(carriedOut).toEqual([]);
});

test('those with free places are known, the one with the most first', () => {
  const workers = [
    toFacts('full', { running: 4, fronts: {} }),
    toFacts('some', { running: 2, fronts: { other: 2 } }),
    toFacts('most', { running: 3, fronts: { front: 3 } }),
    toFacts('earlier', {}),
  ];
  const free = listFree({ workers, front: 'front', mine: new Map([['most', 1]]) });
  expect(free).toEqual(['most', 'some']); // two of its three have ended since
});

test('several workers with as many free places get as many', () => {
  const workers = ['a', 'b', 'c'].map((id) => toFacts(id, { fronts: {} }));
  const mine = new Map<string, number>();
  for (let count = 0; count < 12; count += 1) {
    const [chosen = 'none'] = listFree({ workers, front: 'front', mine });
    mine.set(chosen, (mine.get(chosen) ?? 0) + 1);
  }
  expect(Object.fromEntries(mine)).toEqual({ a: 4, b: 4, c: 4 });
  expect(listFree({ workers, front: 'front', mine })).toEqual([]);
});

/** It looks who is there when it joins, and then from time to time. */
async function join(
  prefix: string,
  { queueTimeoutMs = 20_000, lockMs = 5000 } = {},
): Promise<Front> {
  const front = await openTestFront({
    redisUrl: redis.url,
    prefix,
    queueTimeoutMs,
    lockMs,
    checkMs: lockMs / 10,
    ttlMs: { calls: 20_000, conversations: 20_000, sessions: 20_000 },
    onProblem,
  });
  leaving.push(front.backend.close);
  return front;
}

async function work(prefix: string, run: Run, places = 1) {
  const worker = await openTestWorker({ redisUrl: redis.url, prefix, places, onProblem }, run);
  leaving.push(() => worker.leave(0));
  return worker;
}

function collect(
  front: Front,
  { keyId = 'a', ...own }: Partial<RunRequest> & { keyId?: string } = {},
  signal = new AbortController().signal,
) {
  const caller = { keyId, user: undefined, requestId: randomUUID() };
  return collectRun(front.backend.run({ ...toChatRequest(), caller, ...own }, signal));
}

/** A worker with places that says and does nothing more. Resolves with what it is told. */
async function pretendWorker(prefix: string, own: Partial<WorkerFacts>) {
  const names = createNames(prefix);
  const id = 'home.pretended';
  const heard = await listen(names.toWorker(id));
  await redis.client.set(names.worker(id), JSON.stringify(toFacts(id, own)), 'PX', LEFT_MS);
  await redis.client.zadd(names.workers, Date.now(), id);
  return heard;
}

/** What is said on a channel from here on. */
async function listen(channel: string): Promise<string[]> {
  const heard: string[] = [];
  const listening: Redis = redis.client.duplicate();
  listening.on('message', (_channel, message) => heard.push(message));
  await listening.subscribe(channel);
  leaving.push(() => listening.quit());
  return heard;
}

function toFacts(id: string, own: Partial<WorkerFacts>): WorkerFacts {
  return {
    id,
    host: 'host',
    version: 'test',
    wire: createNames('any').wire,
    places: 4,
    running: 0,
    isDraining: false,
    loggedIn: true,
    account: null,
    cliVersion: 'none',
    processes: { running: 0, ready: 0, kept: 0, suspended: 0 },
    mostWaiting: 1,
    tags: [],
    planLimits: [],
    seenAt: 0,
    ...own,
  };
}
