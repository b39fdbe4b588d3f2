import { randomUUID } from 'node:crypto';

import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';

import { openBatches } from '../../src/batches/open-batches.ts';
import { openSharedState } from '../../src/cluster/open-shared-state.ts';
import { createNames } from '../../src/cluster/names.ts';
import { createTaggedQueues } from '../../src/cluster/tagged-queues.ts';
import { readConfig } from '../../src/config.ts';
import { openTestFront, openTestWorker, SECRET } from './open-test-members.ts';
import { type RedisServer, startRedis } from './start-redis.ts';

/** Machines whose clocks are wrong by hours: what one of them notes is not old for another one. */

const HOURS_MS = 3 * 3_600_000;
const BATCH = { id: 'msgbatch_1', keyId: 'a', api: 'anthropic', endpoint: '/' } as const;

let redis: RedisServer;
const ends: (() => unknown)[] = [];
beforeAll(async () => {
  redis = await startRedis();
});
afterEach(async () => {
  vi.useRealTimers();
  for (const end of ends.splice(0).toReversed()) await end();
});
afterAll(() => redis.stop());

/** From here on this process has another clock. */
function setClock(aheadMs: number) {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + aheadMs });
}

async function openBatchesOf(prefix: string) {
  const place = { redisUrl: redis.url, secret: SECRET, prefix, onProblem: ignore };
  const shared = await openSharedState(place);
  ends.push(shared.end);
  return openBatches({
    config: readConfig({ HOME: '/nowhere' }),
    isAlone: false,
    shared,
    enter: () => Promise.resolve(ignore),
    mostAtOnce: () => Promise.resolve(1),
    log: { error: ignore },
  });
}

test('a batch in the making is not removed as one that was left', async () => {
  const prefix = randomUUID();
  const maker = await openBatchesOf(prefix);
  await maker.create({ ...BATCH, details: {} });
  setClock(HOURS_MS);
  const other = await openBatchesOf(prefix);
  await other.removeExpired();
  expect(await other.get(BATCH.id, BATCH)).toMatchObject({ state: 'filling' });
});

test('a worker is not forgotten, nor a queue for tags', async () => {
  const prefix = randomUUID();
  setClock(-HOURS_MS);
  const worker = await openTestWorker({ redisUrl: redis.url, prefix, tags: ['gpu'] }, never);
  ends.push(() => worker.leave(0));
  const tags = createTaggedQueues({
    cluster: { redis: redis.client } as never, // the connection is all that it takes
    names: createNames(prefix),
  });
  await tags.note(['gpu']);
  vi.useRealTimers();
  const front = await openTestFront({ redisUrl: redis.url, prefix });
  ends.push(front.backend.close);
  await front.view.setDraining(front.view.workers()[0]?.id ?? '', true);
  expect(front.view.workers()).toMatchObject([{ isDraining: true }]);
  expect(await redis.client.zcard(`${prefix}:workers`)).toBe(1);
  expect(await tags.list()).toEqual([['gpu']]);
});

async function* never() {}

function ignore(): void {}
