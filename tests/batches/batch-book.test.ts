import { expect, test } from 'vitest';

import { createBatchBook } from '../../src/batches/batch-book.ts';
import { openBatchStore } from '../../src/batches/open-store.ts';
import { createRoom } from '../../src/batches/room.ts';

const BATCH = { id: 'batch_1', keyId: 'a', api: 'anthropic', endpoint: '/', details: {} } as const;

const begin = () => {
  throw Object.assign(new Error('database or disk is full'), { errcode: 13 });
};

test('a batch that cannot begin is gone, and counts no more for its key', async () => {
  const opened = openBatchStore({ file: ':memory:', onSetAside: () => undefined });
  const store = { ...opened, batches: { ...opened.batches, begin } };
  const uploads = { remove: () => Promise.resolve() };
  const book = createBatchBook({
    store,
    room: createRoom({ store, uploads, maxBytesPerKey: 1_000_000 }),
    maxWaitingPerKey: 10,
    windowMs: 60_000,
    closing: new AbortController().signal,
    now: () => 1,
    wake: () => undefined,
  });

  await expect(book.createWith(BATCH, [{ customId: 'one', body: '{}' }])).rejects.toThrow('full');
  expect(await store.batches.countWaiting('a')).toBe(0);
  expect(await store.batches.listUnfinished()).toEqual([]);
});
