import { expect, test } from 'vitest';

import { type Batch, sendEvents } from '../../src/cluster/worker/send-events.ts';
import type { Run } from '../../src/run.ts';

test('what is not streamed is sent at its end alone, also behind progress that is still on its way', async () => {
  const read = Promise.withResolvers<void>();
  async function* say(): ReturnType<Run> {
    yield { type: 'run-progress', step: 'placed' };
    await onItsWay.promise;
    yield { type: 'part-start', index: 0, part: { type: 'text' } };
    yield { type: 'part-delta', index: 0, delta: 'Hello.' };
    read.resolve();
    await sent.promise;
    yield { type: 'part-end', index: 0 };
  }
  const onItsWay = Promise.withResolvers<void>();
  const sent = Promise.withResolvers<void>();
  const batches: Batch[] = [];
  await sendEvents(say(), {
    isWhole: true,
    async append(batch) {
      batches.push(batch);
      if (batch.seq === 1) {
        onItsWay.resolve();
        await read.promise;
        setImmediate(sent.resolve); // the run goes on when the next batch would be on its way
      }
      return true;
    },
  });
  expect(batches.map(({ hasBegun, isLast }) => ({ hasBegun, isLast }))).toEqual([
    { hasBegun: false, isLast: false },
    { hasBegun: true, isLast: true },
  ]);
});
