import { expect, test } from 'vitest';

import { openBatchStore } from '../../src/batches/open-store.ts';

function openWithTwo() {
  const store = openBatchStore({ file: ':memory:', onSetAside: () => undefined });
  const batch = { id: 'batch_1', keyId: 'a', api: 'openai', endpoint: '/' } as const;
  store.batches.add({ ...batch, createdAt: 0, expiresAt: 1, details: {} });
  store.items.add(
    'batch_1',
    ['one', 'two'].map((customId) => ({ customId, body: '{}' })),
    0,
  );
  return store;
}

test('of two answers to one request the first counts, once', () => {
  const { items, batches } = openWithTwo();
  items.settle('batch_1', [{ number: 0, outcome: 'succeeded', line: 'first' }]);
  items.settle('batch_1', [{ number: 0, outcome: 'errored', line: 'second' }]);

  expect(items.listLines('batch_1', ['succeeded', 'errored'], -1)).toEqual([
    { number: 0, line: 'first' },
  ]);
  expect(batches.read('batch_1')?.counts).toMatchObject({ total: 2, succeeded: 1, errored: 0 });
  expect(items.listWaiting('batch_1', 10)).toEqual([1]);
});

test('what a batch takes is counted as it grows, and given back', () => {
  const { items, batches } = openWithTwo();
  const before = batches.usedBytes('a');
  items.settle('batch_1', [{ number: 0, outcome: 'succeeded', line: 'x'.repeat(100) }]);
  expect(batches.usedBytes('a')).toBe(before + 98);
  while (items.removeSome('batch_1'));
  expect(batches.usedBytes('a')).toBe(before - 4);
});
