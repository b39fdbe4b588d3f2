import { once } from 'node:events';

import { expect, onTestFinished, test } from 'vitest';

import { openRedis } from '../../src/cluster/open-redis.ts';
import { openSharedState } from '../../src/cluster/open-shared-state.ts';
import { createSeal } from '../../src/cluster/seal.ts';
import { openLink } from './open-link.ts';
import { startRedis } from './start-redis.ts';

const SECRET = 'a-secret-of-this-cluster-0123456789';

function onProblem() {}

function open(url: string, { secret = SECRET, prefix = 'one' } = {}) {
  return openRedis({ url, prefix, seal: createSeal(secret), onProblem });
}

test('a Redis Cluster is refused with a sentence', async () => {
  const redis = await startRedis({ 'cluster-enabled': 'yes' });
  await expect(open(redis.url)).rejects.toThrow(/part of a Redis Cluster, which is not supported/);
  await redis.stop();
});

test('one that is alone is taken', async () => {
  const redis = await startRedis();
  const opened = await open(redis.url);
  expect(opened.isUp()).toBe(true);
  opened.close();
  await redis.stop();
});

test('who has another secret than the others is refused with a sentence, and takes nothing from them', async () => {
  const redis = await startRedis();
  const one = await open(redis.url);
  const secret = 'another-secret-of-a-cluster-0123456789';
  const sentence =
    'CLUSTER_SECRET is not the one of the others that use this Redis with the CLUSTER_PREFIX one: set theirs, or another CLUSTER_PREFIX.';
  await expect(open(redis.url, { secret })).rejects.toThrow(sentence);
  const own = { redisUrl: redis.url, prefix: 'one', onProblem };
  await expect(openSharedState({ ...own, secret })).rejects.toThrow(sentence);
  const beside = await open(redis.url, { secret, prefix: 'two' });
  const same = await open(redis.url);
  for (const opened of [one, beside, same]) opened.close();
  await redis.stop();
});

test('a connection that is cut off while it opens is opened anew, as all others are', async () => {
  const redis = await startRedis();
  onTestFinished(() => redis.stop());
  const link = await openLink(redis.url);
  onTestFinished(() => link.close());
  const opened = await open(link.url);
  onTestFinished(() => opened.close());
  const opening = opened.connect();
  await once(opening, 'connect'); // it is not ready before Redis has said so
  link.cut();
  expect(opening.status).toBe('connect');
  await expect.poll(opened.isHeard).toBe(false);
  link.mend(true);

  await expect.poll(opened.isHeard).toBe(true);
  await expect.poll(() => opening.status).toBe('ready');
});
