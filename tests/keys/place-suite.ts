import { beforeEach, describe, expect, test } from 'vitest';

import { addKey, changeKey, revokeKey, rotateKey } from '../../src/keys/edit-keys.ts';
import { createKeyBook } from '../../src/keys/key-book.ts';
import type { KeyPlace } from '../../src/keys/key-place.ts';

const OWNER_KEY = 'owner-key-0123456789';

/** What holds wherever keys stand. `open` gives two servers' views of one place, which is new each time. */
export function describeKeyPlace(open: () => Promise<readonly [KeyPlace, KeyPlace]>): void {
  describe('a place of keys', () => {
    let one: KeyPlace;
    let other: KeyPlace;
    beforeEach(async () => {
      [one, other] = await open();
    });

    test('a new place has no keys', async () => {
      expect(await one.read()).toEqual([]);
    });

    test('what one server adds, changes and revokes holds at the other from then on', async () => {
      const book = createKeyBook({ ownerKey: OWNER_KEY, place: other });
      expect(await book.find([OWNER_KEY])).toMatchObject({ name: 'owner' });
      const { key, id } = await addKey(one, 'laptop', { scopes: ['chat'] });
      expect(await book.find([key])).toMatchObject({ id, scopes: ['chat'] });
      await changeKey(one, id, { scopes: ['agent'], usdPerDay: 2 });
      expect(await book.get(id)).toMatchObject({ scopes: ['agent'], usdPerDay: 2 });
      const { key: next } = await rotateKey(one, id, { overlapSeconds: 0 });
      expect(await book.find([key])).toBeUndefined();
      expect(await book.find([next])).toMatchObject({ id });
      await revokeKey(one, 'laptop');
      const asked = Array.from({ length: 64 }, () =>
        Promise.all([book.find([next]), book.get(id)]),
      );
      expect(new Set((await Promise.all(asked)).flat())).toEqual(new Set([undefined]));
    });

    test('changes at the same time all happen', async () => {
      const names = Array.from({ length: 20 }, (_, index) => `key-${index}`);
      const places = [one, other];
      await Promise.all(
        names.map((key, index) => addKey(places[index % 2] ?? one, key, { scopes: ['chat'] })),
      );
      const kept = (await one.read()).map((key) => key.name);
      expect(kept.toSorted()).toEqual(names.toSorted());
    });

    test('a change that fails changes nothing', async () => {
      await addKey(one, 'laptop', { scopes: ['chat'] });
      const before = [await one.readState(), await one.read()];
      await expect(addKey(other, 'laptop', { scopes: ['chat'] })).rejects.toThrow('already');
      expect([await one.readState(), await one.read()]).toEqual(before);
    });
  });
}
