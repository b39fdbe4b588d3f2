import { expect, test } from 'vitest';

import { type Call, createAnswerCalls, createCalls } from '../../src/cluster/calls.ts';
import { createNames } from '../../src/cluster/names.ts';
import type { ClusterRedis } from '../../src/cluster/open-redis.ts';
import { createSeal } from '../../src/cluster/seal.ts';

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

test('a call that arrives twice is carried out once, and answered', async () => {
  const shared = { names: createNames('prefix'), seal: createSeal('a-secret-0123456789') };
  const carriedOut: Call[] = [];
  const answer = createAnswerCalls(
    { ...shared, cluster: publishTo((message) => Promise.resolve(calls.take(message)), 1) },
    'worker',
    (call) => Promise.resolve(carriedOut.push(call)),
  );
  const calls = createCalls({ ...shared, cluster: publishTo(answer, 2) }, 'front');
  const call = { method: 'steering.send', args: ['run', { id: 'm1', text: 'A word.' }] };
  expect(await calls.ask('worker', call)).toBe(1);
  expect(carriedOut).toEqual([call]);
});
