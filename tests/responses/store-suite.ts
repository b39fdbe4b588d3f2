import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { ResponseStore, StoredResponse } from '../../src/responses/response-store.ts';

/** A response with these fields; the others are of no importance. */
export function toStored(fields: Partial<StoredResponse>): StoredResponse {
  return {
    id: 'resp_1',
    keyId: 'key-a',
    createdAt: 1_790_000_000_000,
    isFinished: true,
    response: { id: 'resp_1', output: [{ text: "It's a «text» with 🎈" }], usage: null },
    input: [{ id: 'msg_1_i0', content: ['a', 1, null] }],
    events: ['{"type":"response.created"}'],
    ...fields,
  };
}

const idsOf = (responses: readonly { id: string }[]): string[] => responses.map(({ id }) => id);

/** What every store does, whatever it keeps its responses in. */
export function describeStore(createStore: () => ResponseStore | Promise<ResponseStore>): void {
  describe('a response store', () => {
    let store: ResponseStore;

    beforeEach(async () => {
      store = await createStore();
    });

    afterEach(() => store.close());

    test('is empty at first', async () => {
      expect(await store.read('resp_1')).toBeUndefined();
      expect(await store.listNewest('key-a', 9)).toEqual([]);
      expect(await store.listUnfinished()).toEqual([]);
    });

    test('gives back every field of what was written', async () => {
      await store.write(toStored({}));
      expect(await store.read('resp_1')).toEqual(toStored({}));
    });

    test('replaces the response with the same id', async () => {
      await store.write(toStored({ isFinished: false }));
      await store.write(toStored({ isFinished: true }));
      expect(await store.read('resp_1')).toEqual(toStored({ isFinished: true }));
      expect(await store.listNewest('key-a', 9)).toHaveLength(1);
    });

    test('removes one response and no other; an unknown id does no harm', async () => {
      await store.write(toStored({ id: 'one' }));
      await store.write(toStored({ id: 'other' }));
      await store.remove('one');
      await store.remove('unknown');
      expect(await store.read('one')).toBeUndefined();
      expect(idsOf(await store.listNewest('key-a', 9))).toEqual(['other']);
    });

    test('lists one key’s responses, the newest first, among equals the one written last', async () => {
      await store.write(toStored({ id: 'middle', createdAt: 20 }));
      await store.write(toStored({ id: 'old', createdAt: 10 }));
      await store.write(toStored({ id: 'new', createdAt: 30 }));
      await store.write(toStored({ id: 'as new', createdAt: 30 }));
      await store.write(toStored({ id: 'not mine', keyId: 'key-b' }));
      expect(idsOf(await store.listNewest('key-a', 9))).toEqual(['as new', 'new', 'middle', 'old']);
      expect(idsOf(await store.listNewest('key-a', 3))).toEqual(['as new', 'new', 'middle']);
    });

    test('counts what is said in bytes, not in characters', async () => {
      await store.write(toStored({ id: 'small', response: {}, input: [], events: [] }));
      await store.write(toStored({ id: 'large', response: { a: '🎈' }, input: [], events: [] }));
      const both = 2 * '{}[][]'.length + '"a":""'.length + 4;
      expect(await store.listBeyond('key-a', { count: 9, bytes: both })).toEqual([]);
      expect(await store.listBeyond('key-a', { count: 9, bytes: both - 1 })).toEqual(['small']);
    });

    test('finds the oldest of a key that are too many or too large, but never the newest', async () => {
      const beyond = async (count: number, bytes: number) =>
        (await store.listBeyond('key-a', { count, bytes })).toSorted();
      const empty = { response: {}, input: [], events: [] };
      expect(await beyond(0, 0)).toEqual([]);
      await store.write(toStored({ id: 'old', createdAt: 10, ...empty }));
      await store.write(toStored({ id: 'new', createdAt: 30, ...empty }));
      await store.write(toStored({ id: 'not mine', keyId: 'key-b', createdAt: 1 }));
      expect(await beyond(9, 100)).toEqual([]);
      await store.write(toStored({ id: 'middle', createdAt: 20, ...empty }));
      expect(await beyond(9, 18)).toEqual([]);
      expect(await beyond(9, 17)).toEqual(['old']);
      expect(await beyond(2, 100)).toEqual(['old']);
      expect(await beyond(0, 0)).toEqual(['middle', 'old']);
      await store.remove('middle');
      expect(await beyond(9, 12)).toEqual([]);
      await store.write(toStored({ id: 'new', createdAt: 30, ...empty, events: ['x'] }));
      expect(await beyond(9, 12)).toEqual(['old']);
    });

    test('lists what is unfinished, of all keys', async () => {
      await store.write(toStored({ id: 'done' }));
      await store.write(toStored({ id: 'open', keyId: 'key-b', isFinished: false }));
      expect(idsOf(await store.listUnfinished())).toEqual(['open']);
    });

    test('removes what was created at a time or earlier, of all keys', async () => {
      await store.write(toStored({ id: 'earlier', createdAt: 10, keyId: 'key-b' }));
      await store.write(toStored({ id: 'then', createdAt: 20 }));
      await store.write(toStored({ id: 'later', createdAt: 21 }));
      await store.removeCreatedUntil(20);
      expect(await store.read('earlier')).toBeUndefined();
      expect(idsOf(await store.listNewest('key-a', 9))).toEqual(['later']);
    });

    test("takes text for text: a quote in an id finds nobody's response", async () => {
      await store.write(toStored({}));
      expect(await store.read("' OR '1'='1")).toBeUndefined();
      expect(await store.listNewest("key-a' --", 9)).toEqual([]);
    });
  });
}
