import { expect, test } from 'vitest';

import { openRedis } from '../../src/cluster/open-redis.ts';
import { startRedis } from './start-redis.ts';

test('a Redis Cluster is refused with a sentence', async () => {
  const redis = await startRedis({ 'cluster-enabled': 'yes' });
  await expect(openRedis({ url: redis.url, onProblem: () => undefined })).rejects.toThrow(
    /part of a Redis Cluster, which is not supported/,
  );
  await redis.stop();
});

test('one that is alone is taken', async () => {
  const redis = await startRedis();
  const opened = await openRedis({ url: redis.url, onProblem: () => undefined });
  expect(opened.isUp()).toBe(true);
  opened.close();
  await redis.stop();
});
