import { randomUUID } from 'node:crypto';

import { Queue } from 'bullmq';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';

import type { Front } from '../../src/cluster/front/open-front.ts';
import { within } from '../../src/common/within.ts';
import { createNames, LAST_PRIORITY } from '../../src/cluster/names.ts';
import { collectRun } from '../../src/run-answer.ts';
import type { Run, RunRequest } from '../../src/run.ts';
import { WIRE_VERSION } from '../../src/run-wire.ts';
import { toChatRequest, toExchange } from '../claude/chat-request.ts';
import { RUN_END, RUN_START } from '../sessions/agent-request.ts';
import { openTestFront, openTestWorker } from './open-test-members.ts';
import { sayText } from './say-text.ts';
import { type RedisServer, startRedis } from './start-redis.ts';

let redis: RedisServer;
const leaving: (() => Promise<void>)[] = [];
const problems: unknown[] = [];
beforeAll(async () => {
  redis = await startRedis();
});
afterEach(async () => {
  for (const leave of leaving.splice(0).toReversed()) await leave();
  problems.length = 0;
});
afterAll(() => redis.stop());

test('keys take turns over all fronts, however many of one wait', async () => {
  const prefix = randomUUID();
  const [one, other] = [await join(prefix), await join(prefix)];
  const order: string[] = [];
  const runs = [
    ...['a', 'a', 'a', 'a'].map((key) => [one, key] as const),
    ...['b', 'b'].map((key) => [other, key] as const),
  ];
  const waiting: { answer: Promise<unknown> }[] = [];
  for (const [front, key] of runs) waiting.push(await askWaiting(front, prefix, key));
  await work(
    prefix,
    sayText('Hello.', (request) => void order.push(request.caller.keyId)),
  );
  await Promise.all(waiting.map(({ answer }) => answer));
  expect(order).toEqual(['a', 'b', 'a', 'b', 'a', 'a']);
});

test('keys take turns also where priorities come to their end', async () => {
  const prefix = randomUUID();
  const { client } = redis;
  const [one, other] = [await join(prefix), await join(prefix)];
  const order: string[] = [];
  const note = sayText('Hello.', (request) => void order.push(request.caller.keyId));
  await client.zadd(`${prefix}:running`, Date.now() + 60_000, 'another'); // the queue is never empty
  await client.hset(`${prefix}:turns`, 'now', LAST_PRIORITY - 2);
  const asked = ['a', 'a', 'a', 'a', 'b', 'b'];
  const before = [];
  for (const key of asked) before.push(await askWaiting(one, prefix, key));
  await client.hset(`${prefix}:turns`, 'now', LAST_PRIORITY - 1, 'key:c', LAST_PRIORITY - 1);
  const after = [];
  for (const key of ['c', 'c']) after.push(await askWaiting(other, prefix, key));
  await work(prefix, note);
  await Promise.all([...before, ...after].map(({ answer }) => answer));
  expect(order).toEqual(['a', 'b', 'a', 'b', 'c', 'a', 'c', 'a']);
});

test('a request waits for a worker of its version, and is told when there is none', async () => {
  const prefix = randomUUID();
  const models: string[] = [];
  await work(
    prefix,
    sayText('Hello.', ({ model }) => void models.push(model)),
  );
  const newer = await join(prefix, { wire: WIRE_VERSION + 1, queueTimeoutMs: 500 });
  expect(newer.view.workers()).toHaveLength(1);
  await expect(collect(newer, 'a')).rejects.toMatchObject({
    code: 'queue-timeout',
    message: expect.stringContaining('No worker of this version'),
  });
  expect(models).toEqual([]);
  await expect(collect(await join(prefix), 'a')).resolves.toBeDefined();
});

test('the queue has one bound over all fronts, in which every key may have one', async () => {
  const prefix = randomUUID();
  const options = { maxQueueSize: 2 };
  const [one, other] = [await join(prefix, options), await join(prefix, options)];
  for (const front of [one, other]) await askWaiting(front, prefix, 'a');
  await expect(collect(other, 'a')).rejects.toMatchObject({ code: 'queue-full' });
  const fair = await askWaiting(one, prefix, 'b');
  await work(prefix, sayText('Hello.'));
  expect(await fair.answer).toBeDefined();
});

test('whoever leaves the queue leaves no job behind, and a wait has an end', async () => {
  const prefix = randomUUID();
  const front = await join(prefix, { queueTimeoutMs: 300 });
  await expect(collect(front, 'a')).rejects.toMatchObject({
    code: 'queue-timeout',
    retryAfterSeconds: expect.any(Number),
  });
  await vi.waitFor(
    async () => expect(await redis.client.zcard(`${prefix}:waiting`)).toBe(0),
    20_000,
  );
  const left = new AbortController();
  const waiting = await askWaiting(front, prefix, 'a', left.signal);
  left.abort(new Error('left'));
  await expect(waiting.answer).rejects.toThrow('left');
  await vi.waitFor(async () => {
    expect(
      await redis.client.keys(`${prefix}:${createNames(prefix).sharedQueue}:????????-*`),
    ).toEqual([]);
    expect(await redis.client.zcard(`${prefix}:waiting`)).toBe(0);
  }, 20_000);
});

test('nothing is left of workers that left, or have long been lost', async () => {
  const prefix = randomUUID();
  const { client } = redis;
  const front = await join(prefix);
  await work(prefix, sayText('Hello.'));
  await collect(front, 'a');
  await leaving.pop()?.();
  expect(await client.keys(`${prefix}:${createNames(prefix).sharedQueue}-*`)).toEqual([]);
  expect(await client.zcard(`${prefix}:workers`)).toBe(0);

  const queue = `${prefix}:${createNames(prefix).ownQueue('home.lost')}`;
  await client.rpush(`${queue}:active`, 'job');
  await client.hset(`${queue}:job`, 'name', 'run');
  await client.set(`${queue}:job:lock`, 'token');
  await client.zadd(`${prefix}:workers`, Date.now() - 2 * 3_600_000, 'home.lost');
  await client.hset(`${queue}:meta`, 'version', 'bullmq');
  await vi.waitFor(async () => {
    expect(await client.keys(`${prefix}:${createNames(prefix).sharedQueue}-*`)).toEqual([]);
  }, 20_000);
});

test('turns begin anew with an empty queue, also behind a run whose machines were all lost', async () => {
  const prefix = randomUUID();
  const { client } = redis;
  const front = await join(prefix);
  await work(prefix, sayText('Hello.'));
  await collect(front, 'a');
  await client.zadd(`${prefix}:running`, Date.now() - 1, 'lost');
  await client.hset(`${prefix}:turns`, 'now', 50, 'key:a', 50);
  await collect(front, 'a');
  expect(await client.hget(`${prefix}:turns`, 'key:a')).toBe('1');
});

test('a job that nobody of the cluster signed is not carried out', async () => {
  const prefix = randomUUID();
  const carriedOut: string[] = [];
  await work(
    prefix,
    sayText('Hello.', ({ model }) => void carriedOut.push(model)),
  );
  const queue = new Queue(createNames(prefix).sharedQueue, {
    connection: { url: redis.url },
    prefix,
  });
  await queue.add('run', { run: randomUUID(), signature: 'x'.repeat(43) });
  await redis.client.publish(`${prefix}:wake`, 'all');
  await vi.waitFor(() => expect(String(problems)).toContain('wrong signature'), 20_000);
  expect(carriedOut).toEqual([]);
  await queue.close();
});

test('a caller who reads slowly stops the reading at the worker', async () => {
  const prefix = randomUUID();
  const front = await join(prefix);
  const piece = 'x'.repeat(64 * 1024);
  let said = 0;
  await work(prefix, async function* flood() {
    yield RUN_START;
    yield { type: 'part-start', index: 0, part: { type: 'text' } };
    for (; said < 400; said += 1) yield { type: 'part-delta', index: 0, delta: piece };
    yield { type: 'part-end', index: 0 };
    yield RUN_END;
  });
  const events = front.backend.run(toRequest('a'), new AbortController().signal);
  const reader = events[Symbol.asyncIterator]();
  while ((await reader.next()).value?.type !== 'part-delta');
  await vi.waitFor(() => expect(said).toBeGreaterThan(10), 20_000);
  let before = -1;
  while (before !== said) {
    before = said;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  expect(said).toBeLessThan(100);
  let characters = piece.length;
  for (let step = await reader.next(); !step.done; step = await reader.next()) {
    if (step.value.type === 'part-delta') characters += step.value.delta.length;
  }
  expect(characters).toBe(400 * piece.length);
});

test('a message that a front cannot read is a problem, and no end of it', async () => {
  const prefix = randomUUID();
  const front = await join(prefix);
  const channels = await redis.client.pubsub('CHANNELS', `${prefix}:to-front:*`);
  await redis.client.publish(String(channels[0]), 'not sealed');
  await vi.waitFor(() => expect(problems).not.toEqual([]), 20_000);
  await work(prefix, sayText('Hello.'));
  await expect(collect(front, 'a')).resolves.toBeDefined();
});

test('a request that was refused while Redis stood still is not carried out afterwards', async () => {
  const prefix = randomUUID();
  const { client } = redis;
  const front = await join(prefix);
  redis.signal('SIGSTOP');
  try {
    const messages = toExchange('Hello.', 'Hello.', 'And now?'); // its holder is looked for first
    const asked = collectRun(
      front.backend.run({ ...toRequest('a'), messages }, new AbortController().signal),
    );
    await expect(asked).rejects.toMatchObject({ code: 'queue-timeout' });
  } finally {
    redis.signal('SIGCONT');
  }
  await vi.waitFor(async () => expect(await client.exists(`${prefix}:turns`)).toBe(1), 5000);
  await vi.waitFor(async () => {
    expect(await client.keys(`${prefix}:${createNames(prefix).sharedQueue}:????????-*`)).toEqual(
      [],
    );
    expect(await client.zcard(`${prefix}:waiting`)).toBe(0);
  }, 20_000);
});

test('an answer arrives once when Redis does not let go of what was read', async () => {
  const prefix = randomUUID();
  const front = await join(prefix);
  const held = Promise.withResolvers<void>();
  await work(prefix, sayInTwo(held.promise));
  await redis.client.call('ACL', 'SETUSER', 'default', '-xdel');
  try {
    const said: string[] = [];
    for await (const event of front.backend.run(toRequest('a'), new AbortController().signal)) {
      if (event.type !== 'part-delta') continue;
      said.push(event.delta);
      held.resolve(); // the first words have been read, and could not be deleted
    }
    expect(said).toEqual(['Hello.', ' Goodbye.']);
    expect(String(problems)).toContain('xdel');
  } finally {
    await redis.client.call('ACL', 'SETUSER', 'default', '+xdel');
  }
});

test('a caller hears at once that Redis takes no more of the answer', async () => {
  const prefix = randomUUID();
  const front = await join(prefix);
  const held = Promise.withResolvers<void>();
  await work(prefix, sayInTwo(held.promise));
  const events = front.backend.run(toRequest('a'), new AbortController().signal);
  const reader = events[Symbol.asyncIterator]();
  while ((await reader.next()).value?.type !== 'part-delta');
  await redis.client.config('SET', 'maxmemory', 1);
  try {
    held.resolve();
    const rest = within(collectRun({ [Symbol.asyncIterator]: () => reader }), 10_000);
    await expect(rest).rejects.toMatchObject({ code: 'cli-failed' });
  } finally {
    await redis.client.config('SET', 'maxmemory', 0);
  }
});

test('workers and fronts leave while Redis stands still', async () => {
  const prefix = randomUUID();
  const front = await join(prefix);
  const worker = await work(prefix, sayText('Hello.'));
  redis.signal('SIGSTOP');
  try {
    // By then the worker has asked for a job, too.
    await vi.waitFor(() => expect(front.view.isUp()).toBe(false), 10_000);
    leaving.length = 0;
    const left = Promise.all([worker.leave(0), front.backend.close()]);
    expect(await within(left, 20_000)).toBeDefined();
  } finally {
    redis.signal('SIGCONT');
  }
});

/** Says one half, and the other when the promise says so. */
function sayInTwo(held: Promise<void>): Run {
  return async function* say() {
    yield RUN_START;
    yield { type: 'part-start', index: 0, part: { type: 'text' } };
    yield { type: 'part-delta', index: 0, delta: 'Hello.' };
    await held;
    yield { type: 'part-delta', index: 0, delta: ' Goodbye.' };
    yield { type: 'part-end', index: 0 };
    yield RUN_END;
  };
}

async function join(
  prefix: string,
  { queueTimeoutMs = 20_000, maxQueueSize = 20, wire = WIRE_VERSION } = {},
): Promise<Front> {
  const front = await openTestFront({
    redisUrl: redis.url,
    prefix,
    wire,
    maxQueueSize,
    queueTimeoutMs,
    onProblem: (error) => void problems.push(error),
  });
  leaving.push(front.backend.close);
  return front;
}

async function work(prefix: string, run: Run, tags: readonly string[] = []) {
  const worker = await openTestWorker(
    { redisUrl: redis.url, prefix, tags, onProblem: (error) => void problems.push(error) },
    run,
  );
  leaving.push(() => worker.leave(0));
  return worker;
}

/** Resolves when it stands in the queue. */
async function askWaiting(front: Front, prefix: string, key: string, signal?: AbortSignal) {
  const jobs = `${prefix}:${createNames(prefix).sharedQueue}:prioritized`;
  const before = await redis.client.zrange(jobs, '0', '-1');
  const answer = collect(front, key, signal);
  answer.catch(() => undefined);
  await vi.waitFor(async () => {
    const now = await redis.client.zrange(jobs, '0', '-1');
    expect(now.some((job) => !before.includes(job))).toBe(true);
  }, 20_000);
  return { answer };
}

function collect(front: Front, key: string, signal = new AbortController().signal) {
  return collectRun(front.backend.run(toRequest(key), signal));
}

function toRequest(keyId: string): RunRequest {
  const caller = { keyId, user: undefined, requestId: randomUUID() };
  return { ...toChatRequest(), caller };
}
