import { expect, test } from 'vitest';

import { type Backend, NO_STEERING } from '../../src/backend.ts';
import { type Call, createAnswerCalls, createCalls } from '../../src/cluster/calls.ts';
import { createNames } from '../../src/cluster/names.ts';
import type { ClusterRedis } from '../../src/cluster/open-redis.ts';
import { toSessionAway } from '../../src/cluster/refusals.ts';
import { createSeal } from '../../src/cluster/seal.ts';
import { carryOutCall } from '../../src/cluster/worker/carry-out-call.ts';

const SHARED = { names: createNames('prefix'), seal: createSeal('a-secret-0123456789') };

let asking: ReturnType<typeof createCalls> | undefined;

/** Gives each message to this listener as often as it says, as a Redis does of which the first answer was lost. */
function publishTo(listen: (message: string) => Promise<unknown>, times: number) {
  const redis = {
    async publish(_channel: string, message: string) {
      for (let time = 0; time < times; time += 1) await listen(message);
      return 1;
    },
  };
  return { redis } as unknown as ClusterRedis; // nothing else of it is asked
}

/** What a worker answers that does not know the call, or fails in it. */
function workerOf(kind: 'earlier' | 'failing') {
  const cluster = publishTo((message) => Promise.resolve(asking?.take(message)), 1);
  return createAnswerCalls({ ...SHARED, cluster }, 'worker', (call) =>
    kind === 'earlier'
      ? carryOutCall({ steering: NO_STEERING } as unknown as Backend, call) // nothing else of it is asked
      : Promise.reject(new Error('It broke.')),
  );
}

/** As a Redis does where no worker listens. */
function publishToNobody() {
  return { redis: { publish: () => Promise.resolve(0) } } as unknown as ClusterRedis; // nothing else of it is asked
}

test('a call that arrives twice is carried out once, and answered', async () => {
  const carriedOut: Call[] = [];
  const answer = createAnswerCalls(
    { ...SHARED, cluster: publishTo((message) => Promise.resolve(calls.take(message)), 1) },
    'worker',
    (call) => Promise.resolve(carriedOut.push(call)),
  );
  const calls = createCalls({ ...SHARED, cluster: publishTo(answer, 2) }, 'front');
  const call = { method: 'steering.send', args: ['run', { id: 'm1', text: 'A word.' }] };
  expect(await calls.ask('worker', call)).toBe(1);
  expect(carriedOut).toEqual([call]);
});

test.each<[string, ClusterRedis, object]>([
  [
    'of an earlier version',
    publishTo((message) => workerOf('earlier')(message), 1),
    { code: 'queue-timeout', message: expect.stringContaining('earlier version') },
  ],
  [
    'that failed',
    publishTo((message) => workerOf('failing')(message), 1),
    { code: 'internal', message: 'The server failed; its log says why.' },
  ],
  ['that is gone', publishToNobody(), { code: 'queue-timeout', retryAfterSeconds: 5 }],
])('who asks a worker %s is told so', async (_, cluster, failure) => {
  asking = createCalls({ ...SHARED, cluster }, 'front');
  const call = { method: 'steering.later', args: [] };
  await expect(asking.ask('worker', call, toSessionAway)).rejects.toMatchObject(failure);
});
