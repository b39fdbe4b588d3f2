import { randomUUID } from 'node:crypto';

import { expect, onTestFinished, test } from 'vitest';

import { toChatRequest } from '../claude/chat-request.ts';
import { openTestFront, openTestWorker } from './open-test-members.ts';
import { sayText } from './say-text.ts';
import { startRedis } from './start-redis.ts';

const { signal } = new AbortController();

test('a worker that leaves answers what it was asked beside runs', async () => {
  const redis = await startRedis();
  onTestFinished(() => redis.stop());
  const place = { redisUrl: redis.url, prefix: randomUUID() };
  const { promise: begun, resolve: noteBegun } = Promise.withResolvers<void>();
  const { promise: counted, resolve: count } = Promise.withResolvers<number>();
  const countTokens = () => {
    noteBegun();
    return counted;
  };
  const worker = await openTestWorker({ ...place, countTokens }, sayText('Hello.'));
  const front = await openTestFront(place);
  const counting = front.backend.countTokens(toChatRequest(), signal);
  await begun;
  const leaving = worker.leave(20_000);
  await expect.poll(() => front.view.workers()).toMatchObject([{ isDraining: true }]);
  count(42);
  expect(await counting).toBe(42);
  await leaving;
  await front.backend.close();
});
