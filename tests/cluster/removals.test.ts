import { randomUUID } from 'node:crypto';

import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';

import { createNames } from '../../src/cluster/names.ts';
import { type ClusterRedis, openRedis } from '../../src/cluster/open-redis.ts';
import { createRemovals, type Removals } from '../../src/cluster/removals.ts';
import { createSeal } from '../../src/cluster/seal.ts';
import { type RedisServer, startRedis } from './start-redis.ts';

/** Which transcripts a worker removes; what is removed is only named here. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const names = createNames('prefix');

let server: RedisServer;
let cluster: ClusterRedis;
let removals: Removals;
let home: string;
let removed: string[];
let fail: boolean;
const onProblem = vi.fn<(error: unknown) => void>();
beforeAll(async () => {
  server = await startRedis();
  const seal = createSeal('a-secret-0123456789');
  cluster = await openRedis({
    url: server.url,
    prefix: 'prefix',
    seal,
    onProblem: () => undefined,
  });
  removals = createRemovals({ cluster, names, seal });
});
afterAll(async () => {
  cluster.close();
  await server.stop();
});
beforeEach(() => {
  home = randomUUID();
  removed = [];
  fail = false;
  onProblem.mockReset();
});
afterEach(() => {
  vi.useRealTimers();
});

/** What is removed some time from now: all that was noted becomes older by that. */
async function look(afterMs = 0) {
  const key = names.removals(home);
  for (const member of await cluster.redis.zrange(key, '0', '-1')) {
    await cluster.redis.zincrby(key, -afterMs, member);
  }
  removed = [];
  const remove = async (id: string) => {
    if (fail) throw new Error('The disk does not answer.');
    removed.push(id);
  };
  await removals.carryOut(home, { remove, onProblem });
  return removed;
}

test('a transcript that is named is removed at its home alone, and once more, as its CLI may still end', async () => {
  await removals.note(home, 'one');
  await removals.note('another home', 'other');
  expect(await look()).toEqual(['one']);
  expect(await look()).toEqual([]);
  expect(await look(11 * SECOND)).toEqual(['one']);
  expect(await look(24 * 60 * MINUTE)).toEqual([]);
  expect(await cluster.redis.exists(names.removals(home))).toBe(0);
});

test('a front whose clock is wrong by hours delays nothing', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 180 * MINUTE });
  await removals.note(home, 'one');
  vi.useRealTimers();
  expect(await look()).toEqual(['one']);
  expect(await look(11 * SECOND)).toEqual(['one']);
});

test('what could not be removed is told, and tried again later', async () => {
  await removals.note(home, 'one');
  fail = true;
  await look(11 * SECOND);
  expect(onProblem).toHaveBeenCalledTimes(2);
  fail = false;
  expect(await look(MINUTE)).toEqual([]);
  expect(await look(10 * MINUTE)).toEqual(['one', 'one']);
  expect(await look(10 * MINUTE)).toEqual([]);
});

test('who does not know the secret names nothing, nor what was named for another home', async () => {
  const key = names.removals(home);
  const stranger = createRemovals({ cluster, names, seal: createSeal('another-secret') });
  await stranger.note(home, 'forged');
  await removals.note('another home', 'other');
  const [elsewhere = ''] = await cluster.redis.zrange(names.removals('another home'), '0', '0');
  await cluster.redis.zadd(key, 0, elsewhere);
  expect(await look(11 * SECOND)).toEqual([]);
  expect(onProblem).toHaveBeenCalledTimes(3);
});
