import { beforeEach, describe, expect, test, vi } from 'vitest';

import { createResponsesInMemory } from '../support/stores-in-memory.ts';
import { createResponseBook, type ResponseBookOptions } from '../../src/responses/response-book.ts';
import type { ResponseStore } from '../../src/responses/response-store.ts';
import { createPatientWrites } from '../../src/state/patient-writes.ts';
import { toStored } from './store-suite.ts';

const NOW = 1_800_000_000_000;

let store: ResponseStore;
let now: number;

beforeEach(() => {
  store = createResponsesInMemory();
  now = NOW;
});

const createBook = (options: Partial<ResponseBookOptions> = {}) =>
  createResponseBook({
    store,
    ttlMs: 1000,
    maxPerKey: 10,
    maxBytesPerKey: 1_000_000,
    now: () => now,
    ...options,
  });

const fresh = (id: string, fields: Parameters<typeof toStored>[0] = {}) =>
  toStored({ id, createdAt: NOW, ...fields });

test('a response belongs to its key: another key’s is the same as none', async () => {
  const book = createBook();
  await book.save(fresh('resp_1'));
  expect(await book.get('resp_1', 'key-a')).toEqual(fresh('resp_1'));
  expect(await book.find('resp_1', 'key-b')).toBeUndefined();
  await expect(book.get('resp_1', 'key-b')).rejects.toMatchObject({ code: 'not-found' });
  await expect(book.delete('resp_1', 'key-b')).rejects.toMatchObject({ code: 'not-found' });
  expect(await book.find('resp_1', 'key-a')).toBeDefined();
});

test('a key’s responses are listed, the newest first', async () => {
  const book = createBook();
  await book.save(fresh('old', { createdAt: NOW - 1 }));
  await book.save(fresh('new'));
  await book.save(fresh('not mine', { keyId: 'key-b' }));
  expect((await book.list('key-a', 10)).map(({ id }) => id)).toEqual(['new', 'old']);
  expect((await book.list('key-a', 1)).map(({ id }) => id)).toEqual(['new']);
});

test('a response that was deleted is gone', async () => {
  const book = createBook();
  await book.save(fresh('resp_1'));
  await book.delete('resp_1', 'key-a');
  await expect(book.get('resp_1', 'key-a')).rejects.toMatchObject({ code: 'not-found' });
  await expect(book.delete('resp_1', 'key-a')).rejects.toMatchObject({ code: 'not-found' });
});

test('a response expires, and leaves the store when it is swept', async () => {
  const book = createBook();
  await book.save(fresh('resp_1'));
  now = NOW + 999;
  expect(await book.find('resp_1', 'key-a')).toBeDefined();
  now = NOW + 1000;
  expect(await book.find('resp_1', 'key-a')).toBeUndefined();
  expect(await book.list('key-a', 10)).toEqual([]);
  await book.removeExpired();
  expect(await store.read('resp_1')).toBeUndefined();
});

describe('room for new responses is made by the oldest ones of the same key', () => {
  test('by number', async () => {
    const book = createBook({ maxPerKey: 2 });
    await book.save(fresh('other', { keyId: 'key-b', createdAt: NOW - 500 }));
    for (const id of ['one', 'two', 'three']) await book.save(fresh(id));
    expect(await book.find('one', 'key-a')).toBeUndefined();
    expect(await book.find('two', 'key-a')).toBeDefined();
    expect(await book.find('three', 'key-a')).toBeDefined();
    expect(await book.find('other', 'key-b')).toBeDefined();
  });

  test('by size; the newest stays, however large', async () => {
    const book = createBook({ maxBytesPerKey: 1000 });
    await book.save(fresh('small'));
    await book.save(fresh('large', { response: { text: 'x'.repeat(2000) } }));
    expect(await book.find('small', 'key-a')).toBeUndefined();
    expect(await book.find('large', 'key-a')).toBeDefined();
  });
});

test('what an earlier server left unfinished is ended', async () => {
  const book = createBook();
  await book.save(fresh('open', { isFinished: false, response: { status: 'in_progress' } }));
  await book.save(fresh('done', { response: { status: 'completed' } }));
  await book.endUnfinished(
    (response) => ({ ...response, status: 'failed' }),
    async () => true,
  );
  expect(await store.listUnfinished()).toEqual([]);
  expect(await book.get('open', 'key-a')).toMatchObject({ response: { status: 'failed' } });
  expect(await book.get('done', 'key-a')).toMatchObject({ response: { status: 'completed' } });
});

test('a store that fails is reported and spoils no answer', async () => {
  const onProblem = vi.fn<(error: unknown) => void>();
  const full = new Error('The disk is full.');
  const broken = { ...store, write: () => Promise.reject(full) };
  await createBook({ store: broken, onProblem }).save(fresh('resp_1'));
  expect(onProblem).toHaveBeenCalledExactlyOnceWith(full);
});

describe('a store that comes back', () => {
  const away = new Error('The store is away.');
  const createReturning = () => {
    const write = vi.fn<ResponseStore['write']>(store.write).mockRejectedValueOnce(away);
    const writes = createPatientWrites({ patienceMs: 60_000, onProblem: vi.fn<() => void>() });
    return { book: createBook({ store: { ...store, write }, writes }), writes };
  };

  test('holds up no answer, and gets its response later', async () => {
    const { book, writes } = createReturning();
    await book.save(fresh('resp_1'));
    expect(await book.find('resp_1', 'key-a')).toBeUndefined();
    await writes.close();
    expect(await book.find('resp_1', 'key-a')).toEqual(fresh('resp_1'));
  });

  test('is waited for by what can only be had from it', async () => {
    const { book } = createReturning();
    await book.saveAtLast(fresh('resp_1'));
    expect(await book.find('resp_1', 'key-a')).toEqual(fresh('resp_1'));
  });
});
