import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { createSharedRunStore, toRunKey } from '../../src/agent-runs/shared/shared-run-store.ts';
import { openSharedState } from '../../src/cluster/open-shared-state.ts';
import { createKeyBook } from '../../src/keys/key-book.ts';
import { addKey } from '../../src/keys/edit-keys.ts';
import { createSharedKeys } from '../../src/keys/shared-keys.ts';
import { createSharedCounters } from '../../src/limits/shared-counters.ts';
import { createSharedPlaces } from '../../src/limits/shared-places.ts';
import { createBackgroundRuns } from '../../src/responses/background-runs.ts';
import { createSharedBackground } from '../../src/responses/shared-background.ts';
import { describeBackground } from '../responses/background-suite.ts';
import { createSharedStore } from '../../src/responses/shared-store.ts';
import { openRequests } from '../../src/observation/requests/open-requests.ts';
import { createSharedEnds } from '../../src/observation/shared-ends.ts';
import { createSharedSignIns } from '../../src/dashboard/sign-in/shared-sign-ins.ts';
import { createClusterLocks } from '../../src/sessions/cluster-locks.ts';
import { createSharedStore as createSessionStore } from '../../src/sessions/shared-store.ts';
import { describeSignIns } from '../dashboard/sign-ins-suite.ts';
import { describeStore } from '../responses/store-suite.ts';
import { describeLocks } from '../sessions/locks-suite.ts';
import { describeStore as describeSessionStore } from '../sessions/store-suite.ts';
import { RunError } from '../../src/run-error.ts';
import { createSharedRecords } from '../../src/state/shared-records.ts';
import { createPatientWrites } from '../../src/state/patient-writes.ts';
import type { SharedState } from '../../src/state/shared-state.ts';
import { describeRunStore } from '../agent-runs/store-suite.ts';
import { describeKeyPlace } from '../keys/place-suite.ts';
import { describeCounters, describePlaces } from '../limits/limits-suite.ts';
import { RECORD } from '../observation/record.ts';
import { type RedisServer, startRedis } from './start-redis.ts';

const SECRET = 'a-secret-of-this-cluster-0123456789';
const OWNER_KEY = 'owner-key-0123456789';

let redis: RedisServer;
const ends: (() => void)[] = [];
beforeAll(async () => {
  redis = await startRedis();
});
afterEach(() => {
  for (const end of ends.splice(0)) end();
});
afterAll(() => redis.stop());

/** What one server of a cluster sees of what all of them share. */
async function open(prefix: string = randomUUID(), secret: string = SECRET) {
  const shared = await openSharedState({ redisUrl: redis.url, secret, prefix, onProblem: ignore });
  ends.push(shared.end);
  return shared;
}

/** Two servers of a new cluster. */
async function openTwo() {
  const prefix = randomUUID();
  return [await open(prefix), await open(prefix)] as const;
}

describeKeyPlace(async () => {
  const [one, other] = await openTwo();
  return [createSharedKeys(one), createSharedKeys(other)];
});

describeCounters(async () => {
  const [one, other] = await openTwo();
  return { counters: [createSharedCounters(one), createSharedCounters(other)], close: ignore };
});

describePlaces(async () => {
  const [one, other] = await openTwo();
  return [openPlaces(one), openPlaces(other)];
});

describeStore(async () => createSharedStore({ shared: await open(), ttlMs: 60_000 }));

describeSessionStore(async () => createSessionStore({ shared: await open(), ttlMs: 60_000 }));

describeRunStore(async () => {
  const prefix = randomUUID();
  return async (server) =>
    createSharedRunStore({ shared: await open(prefix), server, ttlMs: 60_000 });
});

test('a cost of a run that is noted again, since the answer was lost, counts once', async () => {
  const store = createSharedRunStore({ shared: await open(), server: 'one', ttlMs: 60_000 });
  const details = { id: 'r1', keyId: 'a', createdAt: 1, isBackground: true, model: 'sonnet' };
  const run = { ...details, resumedFrom: undefined, body: {}, server: 'one' };
  await store.add(run, Infinity);
  for (const charge of ['one', 'one', 'two']) await store.charge('r1', 0.25, charge);
  expect(await store.read('r1')).toMatchObject({ costUsd: 0.5 });
});

test('a response that Redis forgot by itself makes no others go', async () => {
  const shared = await open();
  const store = createSharedStore({ shared, ttlMs: 60_000 });
  const empty = { keyId: 'a', isFinished: true, response: {}, input: [], events: [] };
  for (const id of ['1', '2', '3']) await store.write({ id, ...empty, createdAt: Number(id) });
  expect(await store.listBeyond('a', { count: 9, bytes: 12 })).toEqual(['1']);
  await shared.ask((client) => client.del(shared.toKey('responses', 'one', '1')));
  expect(await store.listBeyond('a', { count: 9, bytes: 12 })).toEqual([]);
  expect(await store.listBeyond('a', { count: 1, bytes: 12 })).toEqual(['2']);
});

test('a run that Redis forgot by itself makes no others go', async () => {
  const shared = await open();
  const store = createSharedRunStore({ shared, server: 'one', ttlMs: 60_000 });
  const details = { keyId: 'a', createdAt: 1, isBackground: false, model: 'sonnet' };
  const ending = { state: 'done', endedAt: 1, answer: undefined, failure: undefined } as const;
  for (const id of ['r1', 'r2', 'r3']) {
    const body = { prompt: 'x'.repeat(1000) };
    await store.add({ id, ...details, resumedFrom: undefined, body, server: 'one' }, Infinity);
    await store.end(id, ending, []);
  }
  expect(await store.listBeyond('a', 3000)).toEqual(['r1']);
  await shared.ask((client) => client.del(toRunKey(shared, 'r2')));
  expect(await store.listBeyond('a', 3000)).toEqual([]);
  expect(await store.listBeyond('a', 1500)).toEqual(['r1']);
});

test('what was claimed or cut is told once more to the server that lost the answer', async () => {
  const prefix = randomUUID();
  const [shared, link] = [await open(prefix), { losesAnswer: false }];
  const flaky: SharedState = {
    ...shared,
    async run(...args) {
      const answer = await shared.run(...args);
      if (link.losesAnswer) throw new RunError('queue-timeout', 'Redis is away.');
      return answer;
    },
  };
  const store = createSharedRunStore({ shared: flaky, server: 'two', ttlMs: 60_000 });
  const details = { keyId: 'a', createdAt: 1, model: 'sonnet', resumedFrom: undefined, body: {} };
  for (const [id, isBackground] of [['waits', true] as const, ['cut', false] as const]) {
    await store.add({ id, isBackground, ...details, server: 'one' }, Infinity);
  }
  const left = { dead: ['one'], withUnknown: false };
  link.losesAnswer = true;
  await expect(store.interruptLeft(left, 5)).rejects.toThrow('away');
  await expect(store.claimPutOff(left, 'two')).rejects.toThrow('away');
  link.losesAnswer = false;
  expect(await store.interruptLeft(left, 6)).toMatchObject([{ id: 'cut', endedAt: 5 }]);
  expect(await store.claimPutOff(left, 'two')).toMatchObject([{ id: 'waits', server: 'two' }]);
  expect(await store.interruptLeft(left, 6)).toEqual([]);
  expect(await store.claimPutOff(left, 'two')).toEqual([]);
});

describeLocks(async () => {
  const [one, other] = await openTwo();
  return [openLocks(one), openLocks(other)];
});

test('a lock of a lost server is free after its lease; that of a living one stays', async () => {
  const [one, other] = await openTwo();
  const [lost, alive] = [openLocks(one, 300), openLocks(other, 300)];
  const release = await alive.acquire('kept', undefined);
  await lost.acquire('left', undefined);
  one.end();
  (await alive.acquire('left', undefined))();
  expect(await openLocks(await open(), 300).isHeld('kept')).toBe(false); // of another cluster
  expect(await alive.isHeld('kept')).toBe(true);
  release();
});

describeSignIns(async () => {
  const [one, other] = await openTwo();
  return [createSharedSignIns({ shared: one }), createSharedSignIns({ shared: other })];
});

test('a sign-in ends after its time, and cannot be read in Redis', async () => {
  const prefix = randomUUID();
  const signIns = createSharedSignIns({ shared: await open(prefix), ttlMs: 200 });
  const id = await signIns.add('a-key-that-nobody-sees');
  const [name = ''] = await redis.client.keys(`${prefix}:state:*`);
  expect(`${name} ${await redis.client.get(name)}`).not.toMatch(new RegExp(`nobody|${id}`));
  while ((await signIns.find(id)) !== undefined) await redis.client.ping();
  expect(await redis.client.keys(`${prefix}:state:*`)).toEqual([]);
});

describeBackground(async () => {
  const [one, other] = await openTwo();
  return [await openBackground(one), await openBackground(other)];
});

test('a background response of a lost server has no server any more', async () => {
  const [one, other] = await openTwo();
  const [lost, alive] = [await openBackground(one, 300), await openBackground(other, 300)];
  await lost.start({ id: 'resp_1', keepsEvents: true, events: beginAndHang });
  expect(await alive.isAlive('resp_1')).toBe(true);
  const following = (await alive.follow('resp_1', -1, new AbortController().signal)) ?? [];
  one.end();
  expect(await Array.fromAsync(following)).toEqual(['begun']);
  expect(await alive.isAlive('resp_1')).toBe(false);
});

test('who follows a background response elsewhere is told when events were lost with Redis', async () => {
  const [one, other] = await openTwo();
  let isAway = false;
  const away = new RunError('queue-timeout', 'Redis is away.');
  const flaky: SharedState = {
    ...one,
    run: (...args) => (isAway ? Promise.reject(away) : one.run(...args)),
  };
  const [running, elsewhere] = [await openBackground(flaky), await openBackground(other)];
  const held = Promise.withResolvers<void>();
  async function* events() {
    yield 'kept';
    await held.promise;
    isAway = true;
    yield 'lost';
    isAway = false;
    yield* ['kept again', 'kept, too'];
    await new Promise(() => undefined);
  }
  await running.start({ id: 'resp_1', keepsEvents: true, events });
  const following = await elsewhere.follow('resp_1', -1, new AbortController().signal);
  const reader = following?.[Symbol.asyncIterator]();
  expect(await reader?.next()).toMatchObject({ value: 'kept' });
  held.resolve();
  await expect(reader?.next()).rejects.toMatchObject({
    code: 'queue-timeout',
    message: expect.stringContaining('Retrieve the response itself'),
  });
});

test('a Redis that is full begins no background response, and it is a 503', async () => {
  const background = await openBackground(await open());
  await redis.client.config('SET', 'maxmemory', '1');
  try {
    const start = background.start({ id: 'resp_1', keepsEvents: true, events: beginAndHang });
    await expect(start).rejects.toMatchObject({ code: 'queue-timeout' });
  } finally {
    await redis.client.config('SET', 'maxmemory', '0');
  }
});

test('of a record that Redis has forgotten nothing is listed or counted', async () => {
  const prefix = randomUUID();
  const records = createSharedRecords({ shared: await open(prefix), name: 'notes', ttlMs: 60_000 });
  const record = { ownerId: 'key-a', order: 1, note: '', isOpen: true, text: 'A text.' };
  for (const id of ['kept', 'old']) await records.write({ ...record, id });
  await redis.client.del(`${prefix}:state:notes:one:old`);
  expect(await records.listOf('key-a', 0)).toEqual([{ id: 'kept', note: '' }]);
  expect(await redis.client.zcard(`${prefix}:state:notes:of:key-a`)).toBe(1);
  expect(await records.listUntil(1)).toEqual([{ id: 'kept', note: '' }]);
  expect(await records.count()).toBe(1);
});

test('keys cannot be read in Redis, and mean nothing with another secret', async () => {
  const prefix = randomUUID();
  const { key } = await addKey(createSharedKeys(await open(prefix)), 'laptop', {
    scopes: ['chat'],
  });
  const kept = await redis.client.hgetall(`${prefix}:state:keys`);
  expect(JSON.stringify(kept)).not.toContain('laptop');
  const problems: unknown[] = [];
  await redis.client.del(`${prefix}:secret`); // by which another one is refused
  const place = createSharedKeys(await open(prefix, `another-${SECRET}`));
  const book = createKeyBook({
    ownerKey: OWNER_KEY,
    place,
    onProblem: (error) => problems.push(error),
  });
  expect(await book.find([key])).toBeUndefined();
  expect(problems).toHaveLength(1);
});

test('while Redis is away the owner’s key holds alone, and the others again afterwards', async () => {
  const place = createSharedKeys(await open());
  const book = createKeyBook({ ownerKey: OWNER_KEY, place });
  const { key, id } = await addKey(place, 'laptop', { scopes: ['chat'] });
  expect(await book.find([key])).toBeDefined();
  await redis.shutDown();
  const away = { code: 'queue-timeout', retryAfterSeconds: expect.any(Number) };
  await expect(book.find([key])).rejects.toMatchObject(away);
  await expect(book.get(id)).rejects.toMatchObject(away);
  expect(await book.find([OWNER_KEY])).toMatchObject({ name: 'owner' });
  await redis.start();
  await untilBack(place.readState);
  expect(await book.find([key])).toMatchObject({ id });
});

test('what was used while Redis was away is counted when it is back; nothing is let in meanwhile', async () => {
  const counters = createSharedCounters(await open());
  await counters.add('tokensPerDay', 'key-a', 10);
  await redis.shutDown();
  await counters.add('tokensPerDay', 'key-a', 5);
  await counters.add('tokensPerDay', 'key-a', 3);
  const away = { code: 'queue-timeout' };
  await expect(counters.read('tokensPerDay', 'key-a')).rejects.toMatchObject(away);
  await expect(counters.add('requestsPerMinute', 'key-a', 1)).rejects.toMatchObject(away);
  await redis.start();
  await untilBack(() => counters.read('tokensPerDay', 'key-a'));
  expect(await counters.read('tokensPerDay', 'key-a')).toMatchObject({ used: 18 });
  expect(await counters.read('requestsPerMinute', 'key-a')).toMatchObject({ used: 0 });
});

test('the places of a lost server are free after its lease; those of a living one stay', async () => {
  const [one, other] = await openTwo();
  const key = { id: 'key-a', runningAtOnce: 2 };
  const lost = openPlaces(one, 300);
  const alive = openPlaces(other, 300);
  await lost.take(key);
  await alive.take(key);
  lost.close();
  while ((await alive.count('key-a')) > 1) await redis.client.ping();
  await alive.take(key);
  await expect(alive.take(key)).rejects.toMatchObject({ code: 'rate-limited' });
});

test('a background run is not lost because Redis was away', async () => {
  const { client } = redis;
  const [one, other] = await openTwo();
  const background = await openBackground(one);
  const elsewhere = await openBackground(other);
  const id = randomUUID();
  await background.start({ id, events: beginAndHang, keepsEvents: true });
  await redis.shutDown();
  await redis.start();
  await client.del(...(await client.keys(`*:background:${id}`))); // its lease has run out meanwhile
  expect(await untilBack(() => elsewhere.isAlive(id))).toBe(true);
  expect(await untilBack(() => background.isAlive(id))).toBe(true);
});

async function* beginAndHang() {
  yield 'begun';
  await new Promise(() => undefined);
}

function openLocks(shared: SharedState, leaseMs = 10_000) {
  return createClusterLocks({ shared, leaseMs, onProblem: ignore });
}

async function openBackground(shared: SharedState, leaseMs = 10_000) {
  const local = createBackgroundRuns<string>(60_000);
  const writes = createPatientWrites({ onProblem: ignore });
  const times = { leaseMs, ttlMs: 60_000 };
  const opened = await createSharedBackground({
    local,
    shared,
    writes,
    ...times,
    onProblem: ignore,
  });
  ends.push(opened.close);
  return opened;
}

function openPlaces(shared: SharedState, leaseMs = 10_000) {
  const places = createSharedPlaces({ shared, leaseMs });
  ends.push(places.close);
  return places;
}

async function untilBack(ask: () => Promise<unknown>) {
  for (;;) {
    try {
      return await ask();
    } catch {
      await redis.client.ping();
    }
  }
}

function ignore(): void {}

type ToRun = (run: SharedState['run']) => SharedState['run'];

const asIs: ToRun = (run) => run;

const AWAY = new Error('Redis is away.');

describe('runs that ended', () => {
  let folder: string;
  beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'ends-'))));
  afterEach(() => rm(folder, { recursive: true }));

  /** A server that tells and hears. */
  async function joinServer(
    prefix: string,
    server: string,
    { toRun = asIs, mostWaiting = 10_000 }: { toRun?: ToRun; mostWaiting?: number } = {},
  ) {
    const shared = await open(prefix);
    const writes = createPatientWrites({ patienceMs: 10_000, onProblem: ignore });
    const requests = openRequests({ file: ':memory:', onSetAside: ignore });
    const told = await createSharedEnds({
      shared: { ...shared, run: toRun(shared.run) },
      server,
      file: join(folder, server),
      observers: [requests.observer],
      writes,
      mostWaiting,
      everyMs: 20,
      onProblem: (error) => problems.push(error),
    });
    const list = () => requests.list({}, { limit: 2000 });
    const close = async () => {
      await writes.close();
      await told.close();
    };
    return { ...told, close, list };
  }
  const problems: unknown[] = [];
  beforeEach(() => void problems.splice(0));

  test('are on record at every server, with when, how and for how much', async () => {
    const prefix = randomUUID();
    const [one, other] = [await joinServer(prefix, 'one'), await joinServer(prefix, 'other')];
    one.observer.ended?.(RECORD);
    const failure = new RunError('overloaded', 'The API is overloaded.');
    one.observer.ended?.({ ...RECORD, id: 'req_2', outcome: 'overloaded', failure });
    one.observer.charged?.({ keyId: 'laptop', requestId: 'req_1' }, 1.5);
    await expect
      .poll(() => other.list())
      .toMatchObject([
        { id: 'req_2', status: 'failed', error: 'The API is overloaded.' },
        { id: 'req_1', status: 'done', costUsd: 1.75, endedAtMs: expect.any(Number) },
      ]);
    expect(one.list()).toEqual([]); // it has its own already
    await Promise.all([one.close(), other.close()]);
    expect(problems).toEqual([]);
  });

  test('while a server is away are told once, when it is back', async () => {
    const prefix = randomUUID();
    const one = await joinServer(prefix, 'one');
    const before = await joinServer(prefix, 'other');
    one.observer.ended?.({ ...RECORD, id: 'req_a' });
    await expect.poll(() => before.list()).toMatchObject([{ id: 'req_a' }]);
    await before.close();
    one.observer.ended?.({ ...RECORD, id: 'req_b' });
    const after = await joinServer(prefix, 'other');
    await expect.poll(() => after.list()).toMatchObject([{ id: 'req_b' }]);
    await Promise.all([one.close(), after.close()]);
  });

  test('that are told again, since the answer was lost, count once', async () => {
    const prefix = randomUUID();
    let isFirst = true;
    const one = await joinServer(prefix, 'one', {
      toRun:
        (run) =>
        async (...asked) => {
          await run(...asked);
          if (isFirst) throw AWAY;
        },
    });
    const other = await joinServer(prefix, 'other');
    one.observer.ended?.(RECORD);
    one.observer.charged?.({ keyId: 'laptop', requestId: 'req_1' }, 1.5);
    one.observer.ended?.({ ...RECORD, id: 'req_2' });
    await expect.poll(() => other.list()).toMatchObject([{ id: 'req_1' }]);
    isFirst = false;
    await expect.poll(() => other.list()).toMatchObject([{ id: 'req_2' }, { costUsd: 1.75 }]);
    await Promise.all([one.close(), other.close()]);
  });

  test('while Redis is away go out together when it is back, the newest if there are too many', async () => {
    let tries = 0;
    const prefix = randomUUID();
    const one = await joinServer(prefix, 'one', {
      mostWaiting: 1200,
      toRun:
        (run) =>
        async (...asked) => {
          tries += 1;
          if (tries <= 2) throw AWAY;
          return run(...asked);
        },
    });
    const other = await joinServer(prefix, 'other');
    for (let count = 1; count <= 1300; count += 1) {
      one.observer.ended?.({ ...RECORD, id: `req_${count}` });
    }
    await expect.poll(() => other.list().length, { timeout: 10_000 }).toBe(1200);
    expect(other.list().at(-1)).toMatchObject({ id: 'req_101' });
    expect(other.list()[0]).toMatchObject({ id: 'req_1300' });
    expect(tries).toBe(5); // two in vain, and 500 at once
    await Promise.all([one.close(), other.close()]);
    expect(problems).toHaveLength(1);
  });

  test('cannot be read in Redis', async () => {
    const prefix = randomUUID();
    const one = await joinServer(prefix, 'one');
    one.observer.ended?.({ ...RECORD, keyId: 'a-key-that-nobody-sees' });
    await expect.poll(() => redis.client.xlen(`${prefix}:state:ended`)).toBe(1);
    const entries = await redis.client.xrange(`${prefix}:state:ended`, '-', '+');
    expect(JSON.stringify(entries)).not.toContain('nobody');
    await one.close();
  });
});
