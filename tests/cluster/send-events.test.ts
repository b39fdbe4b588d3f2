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

test('the first words go before it is known that the beginning has arrived, and no more than that', async () => {
  const batches: Batch[] = [];
  const arrived = Promise.withResolvers<boolean>();
  const isAsked = [1, 2].map(() => Promise.withResolvers<void>());
  async function* say(): ReturnType<Run> {
    yield { type: 'part-start', index: 0, part: { type: 'text' } };
    await isAsked[0]?.promise;
    yield { type: 'part-delta', index: 0, delta: 'Hel' };
    await isAsked[1]?.promise;
    yield { type: 'part-delta', index: 0, delta: 'lo.' };
    yield { type: 'part-end', index: 0 };
    setImmediate(() => setImmediate(() => arrived.resolve(true)));
  }
  const sending = sendEvents(say(), {
    isWhole: false,
    append(batch) {
      batches.push(batch);
      isAsked[batch.seq - 1]?.resolve();
      return arrived.promise;
    },
  });
  await arrived.promise;
  expect(batches.map(({ seq, texts }) => [seq, texts.length])).toEqual([
    [1, 1],
    [2, 1],
  ]);
  await sending;
  expect(batches.map(({ texts, isLast }) => [texts.length, isLast])).toEqual([
    [1, false],
    [1, false],
    [2, true],
  ]);
});

test('what cannot be sent ends the reading with its error', async () => {
  let isRead = false;
  async function* say(): ReturnType<Run> {
    yield { type: 'part-start', index: 0, part: { type: 'text' } };
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    yield { type: 'part-end', index: 0 };
    isRead = true;
  }
  const sending = sendEvents(say(), {
    isWhole: false,
    append: () => Promise.reject(new Error('Redis is full.')),
  });
  await expect(sending).rejects.toThrow('Redis is full.');
  expect(isRead).toBe(false);
});
