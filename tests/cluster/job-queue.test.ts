import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { createJobQueue } from '../../src/cluster/job-queue.ts';
import { createNames } from '../../src/cluster/names.ts';
import { openRedis } from '../../src/cluster/open-redis.ts';
import { createSeal } from '../../src/cluster/seal.ts';
import { type RedisServer, startRedis } from './start-redis.ts';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

test('whatever tags callers ask for, a front keeps few queues open, and every run is offered', async () => {
  const problems: unknown[] = [];
  const onProblem = (error: unknown) => void problems.push(error);
  const names = createNames(randomUUID());
  const seal = createSeal('a-secret-of-this-cluster-0123456789');
  const cluster = await openRedis({ url: redis.url, prefix: names.prefix, seal, onProblem });
  const queue = createJobQueue({ cluster, names, seal }, onProblem);
  const offer = (number: number) =>
    queue.add({ run: `r${number}`, round: 'first', priority: 1, tags: [`tag-${number}`] });
  const jobs = await Promise.all(Array.from({ length: 150 }, (_, number) => offer(number)));
  // Each open queue listens to the connection.
  expect(cluster.redis.listenerCount('close')).toBeLessThan(120);
  const waiting = () => redis.client.keys(`${names.prefix}:*:prioritized`);
  expect(await waiting()).toHaveLength(150);
  for (const job of jobs) await queue.remove(job);
  expect(await waiting()).toEqual([]);
  await queue.close();
  cluster.close();
  expect(problems).toEqual([]);
});
