import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';

import { openSharedState } from '../../src/cluster/open-shared-state.ts';
import { type RedisServer, startRedis } from './start-redis.ts';

/** Longer than Redis may take. */
const STOPPED_MS = 3500;

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

test('what Redis said while the process was stopped is read, and has come in time', async () => {
  const state = await openSharedState({
    redisUrl: redis.url,
    secret: 'a-secret-of-this-cluster-0123456789',
    prefix: randomUUID(),
    onProblem: () => undefined,
  });
  onTestFinished(state.end);
  const asking = state.ask((client) => client.incr('count'));
  stop(STOPPED_MS);
  expect(await asking).toBe(1);
});

test('a Redis that does not answer is away', async () => {
  const state = await openSharedState({
    redisUrl: redis.url,
    secret: 'a-secret-of-this-cluster-0123456789',
    prefix: randomUUID(),
    onProblem: () => undefined,
  });
  onTestFinished(() => {
    redis.signal('SIGCONT');
    state.end();
  });
  redis.signal('SIGSTOP');
  const asking = state.ask((client) => client.get('count'));
  await expect(asking).rejects.toMatchObject({ code: 'queue-timeout' });
});

/** Nothing of this process runs meanwhile, as after a SIGSTOP. */
function stop(forMs: number) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, forMs);
}
