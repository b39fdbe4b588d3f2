import { beforeEach, describe, expect, test } from 'vitest';

import type { BatchStore, StoredFile } from '../../src/batches/batch-tables.ts';

const BATCH = { keyId: 'a', api: 'openai', endpoint: '/v1/chat/completions' } as const;

/** What holds of batches wherever they are kept; `open` gives an empty store. */
export function describeBatchStore(open: () => Promise<BatchStore> | BatchStore): void {
  describe('a store of batches', () => {
    let store: BatchStore;
    beforeEach(async () => {
      store = await open();
    });

    const add = (id: string, more: Partial<Parameters<BatchStore['batches']['add']>[0]> = {}) =>
      store.batches.add({ id, ...BATCH, createdAt: 1, expiresAt: 9, details: { id }, ...more });

    const list = async (page: Parameters<BatchStore['batches']['list']>[1]) =>
      (await store.batches.list(BATCH, page)).map(({ id }) => id);

    const listFiles = async (page: Partial<Parameters<BatchStore['files']['list']>[1]>) =>
      (await store.files.list('a', { order: 'asc', limit: 9, ...page })).map(({ id }) => id);

    const addItems = (id: string, names: readonly string[], first = 0) =>
      store.items.add(
        id,
        names.map((customId) => ({ customId, body: `{"of":"${customId}"}` })),
        first,
      );

    test('a batch is filled, runs, is asked to end, and ends', async () => {
      await add('batch_1');
      expect(await store.batches.read('batch_1')).toEqual({
        id: 'batch_1',
        ...BATCH,
        state: 'filling',
        createdAt: 1,
        expiresAt: 9,
        startedAt: undefined,
        cancelledAt: undefined,
        endedAt: undefined,
        details: { id: 'batch_1' },
        problems: [],
        outputFileId: undefined,
        errorFileId: undefined,
        counts: { total: 0, succeeded: 0, errored: 0, cancelled: 0, expired: 0 },
      });
      await store.batches.begin('batch_1', 2);
      await store.batches.cancel('batch_1', 3);
      await store.batches.cancel('batch_1', 4);
      expect(await store.batches.read('batch_1')).toMatchObject({
        state: 'cancelling',
        startedAt: 2,
        cancelledAt: 3,
      });
      const problems = [{ code: 'wrong', message: 'It is wrong.', line: 1 }];
      const files = { outputFileId: 'file-1', errorFileId: undefined };
      await store.batches.end('batch_1', { state: 'cancelled', endedAt: 5, problems, ...files });
      await store.batches.end('batch_1', { state: 'failed', endedAt: 6, ...files });
      await store.batches.begin('batch_1', 7);
      await store.batches.cancel('batch_1', 8);
      expect(await store.batches.read('batch_1')).toMatchObject({
        state: 'cancelled',
        startedAt: 2,
        cancelledAt: 3,
        endedAt: 5,
        problems,
        outputFileId: 'file-1',
      });
      await store.batches.remove('batch_1');
      expect(await store.batches.hasUnfinished()).toBe(false);
      expect(await store.batches.read('batch_1')).toBeUndefined();
      expect(await store.batches.list(BATCH, { limit: 9 })).toEqual([]);
    });

    test('a key lists its own of one API, page by page, forwards and backwards', async () => {
      for (const id of ['1', '2', '3', '4']) await add(id);
      await add('other', { keyId: 'b' });
      await add('message', { api: 'anthropic' });
      expect(await list({ limit: 9 })).toEqual(['4', '3', '2', '1']);
      expect(await list({ limit: 2, after: '3' })).toEqual(['2', '1']);
      expect(await list({ limit: 2, before: '1' })).toEqual(['3', '2']);
      expect(await list({ limit: 2, after: 'unknown' })).toEqual([]);
    });

    test('those that ended are found by when, the others by their age', async () => {
      for (const id of ['1', '2', '3']) await add(id);
      await add('other', { keyId: 'b' });
      const files = { outputFileId: undefined, errorFileId: undefined };
      await store.batches.end('3', { state: 'completed', endedAt: 5, ...files });
      await store.batches.end('1', { state: 'completed', endedAt: 6, ...files });
      expect((await store.batches.listUnfinished()).map(({ id }) => id)).toEqual(['2', 'other']);
      expect(await store.batches.hasUnfinished()).toBe(true);
      expect(await store.batches.listEndedUntil(5)).toEqual(['3']);
      expect(await store.batches.findOldestEnded('a')).toBe('3');
      expect(await store.batches.findOldestEnded('a', '3')).toBe('1');
      expect(await store.batches.findOldestEnded('b')).toBeUndefined();
    });

    test('of two answers to one request the first counts, once', async () => {
      await add('batch_1');
      await addItems('batch_1', ['one', 'two']);
      expect(await store.items.begin('batch_1', 0)).toEqual({
        number: 0,
        customId: 'one',
        body: '{"of":"one"}',
      });
      expect(await store.batches.countWaiting('a')).toBe(2);
      await store.items.settle('batch_1', [{ number: 0, outcome: 'succeeded', line: 'first' }]);
      await store.items.settle('batch_1', [{ number: 0, outcome: 'errored', line: 'second' }]);

      expect(await store.items.listLines('batch_1', ['succeeded', 'errored'], -1)).toEqual([
        { number: 0, line: 'first' },
      ]);
      expect((await store.batches.read('batch_1'))?.counts).toMatchObject({
        total: 2,
        succeeded: 1,
        errored: 0,
      });
      expect(await store.items.begin('batch_1', 0)).toBeUndefined();
      expect(await store.items.listWaiting('batch_1', 10)).toEqual([1]);
      expect(await store.items.listUnanswered('batch_1')).toEqual([
        { number: 1, customId: 'two', body: '' },
      ]);
      expect(await store.batches.countWaiting('a')).toBe(1);
    });

    test('it is counted how often a request was begun, and neither answered nor left', async () => {
      await add('batch_1');
      await addItems('batch_1', ['one', 'two']);
      const count = (number: number) => store.items.countBegun('batch_1', number);
      expect(await count(0)).toBe(0);
      await store.items.begin('batch_1', 0);
      await store.items.begin('batch_1', 0);
      await store.items.begin('batch_1', 1);
      expect([await count(0), await count(1)]).toEqual([2, 1]);
      await store.items.leave('batch_1', 0);
      await store.items.settle('batch_1', [{ number: 1, outcome: 'succeeded', line: 'first' }]);
      expect(await store.items.begin('batch_1', 1)).toBeUndefined();
      expect([await count(0), await count(1)]).toEqual([0, 0]);
    });

    test('answers are read in the order of the requests, those with some outcomes', async () => {
      await add('batch_1');
      const numbers = Array.from({ length: 30 }, (_, number) => number);
      await addItems('batch_1', numbers.map(String));
      const settled = numbers.toReversed().map((number) => ({
        number,
        outcome: number % 3 === 0 ? ('errored' as const) : ('succeeded' as const),
        line: `ä${number}`,
      }));
      await store.items.settle('batch_1', settled);
      const read = async (outcomes: ('errored' | 'succeeded')[]) => {
        const found: number[] = [];
        for (;;) {
          const page = await store.items.listLines('batch_1', outcomes, found.at(-1) ?? -1);
          if (page.length === 0) return found;
          found.push(...page.map(({ number }) => number));
        }
      };
      expect(await read(['succeeded', 'errored'])).toEqual(numbers);
      const errored = numbers.filter((number) => number % 3 === 0);
      expect(await read(['errored'])).toEqual(errored);
      const bytes = errored.reduce((sum, number) => sum + Buffer.byteLength(`ä${number}\n`), 0);
      expect(await store.items.countBytes('batch_1', ['errored'])).toBe(bytes);
      while (await store.items.removeSome('batch_1', ['errored']));
      expect(await store.items.countBytes('batch_1', ['errored'])).toBe(0);
      expect(await read(['succeeded', 'errored'])).toHaveLength(20);
    });

    test('what a batch takes is counted as it grows, and given back', async () => {
      await add('batch_1');
      const empty = await store.batches.usedBytes('a');
      await addItems('batch_1', ['one', 'two']);
      const before = await store.batches.usedBytes('a');
      expect(before).toBeGreaterThan(empty);
      const line = 'x'.repeat(1000);
      await store.items.settle('batch_1', [{ number: 0, outcome: 'succeeded', line }]);
      expect(await store.batches.usedBytes('a')).toBeGreaterThan(before + 900);
      while (await store.items.removeSome('batch_1'));
      expect(await store.batches.usedBytes('a')).toBe(empty);
      await store.items.resetTotal('batch_1');
      expect((await store.batches.read('batch_1'))?.counts.total).toBe(0);
      expect(await store.batches.usedBytes('b')).toBe(0);
    });

    test('files are listed in both orders, and found by their batch and their end', async () => {
      const file: StoredFile = {
        id: 'file-1',
        keyId: 'a',
        name: 'asked.jsonl',
        purpose: 'batch',
        bytes: 10,
        createdAt: 1,
        expiresAt: 9,
        batchId: undefined,
      };
      await store.files.add(file);
      await store.files.add({ ...file, id: 'file-2', createdAt: 2, expiresAt: 3 });
      const made = { purpose: 'batch_output', batchId: 'batch_x' } as const;
      await store.files.add({ ...file, id: 'file-x-output', createdAt: 3, ...made });
      await store.files.add({ ...file, id: 'file-4', keyId: 'b', createdAt: 4 });
      expect(await store.files.read('file-1')).toEqual(file);
      expect(await listFiles({})).toEqual(['file-1', 'file-2', 'file-x-output']);
      expect(await listFiles({ order: 'desc', after: 'file-x-output', limit: 1 })).toEqual([
        'file-2',
      ]);
      expect(await listFiles({ purpose: 'batch_output' })).toEqual(['file-x-output']);
      expect(await listFiles({ after: 'unknown' })).toEqual([]);
      expect(toIds(await store.files.listOfBatch('batch_x'))).toEqual(['file-x-output']);
      expect(toIds(await store.files.listExpired(3))).toEqual(['file-2']);
      expect(toIds(await store.files.listUploads('a', 'file-1'))).toEqual(['file-2']);
      expect(await store.files.usedBytes('a')).toBe(2 * (10 + 1024));
      await store.files.remove('file-1');
      expect(await store.files.read('file-1')).toBeUndefined();
    });
  });
}

function toIds(files: readonly StoredFile[]) {
  return files.map(({ id }) => id);
}
