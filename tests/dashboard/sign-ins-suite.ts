import { describe, expect, test } from 'vitest';

import type { SignIns } from '../../src/dashboard/sign-in/sign-ins.ts';

/** What lists of signed-in browsers do; `open` gives two servers' views of a new one. */
export function describeSignIns(open: () => Promise<readonly [SignIns, SignIns]>): void {
  describe('sign-ins', () => {
    test('who signed in at one server is signed in, and out, at the other', async () => {
      const [one, other] = await open();
      const id = await one.add('key');
      expect(await other.find(id)).toBe('key');
      await other.remove(id);
      expect(await one.find(id)).toBeUndefined();
    });

    test('no id can be guessed from another one', async () => {
      const [signIns] = await open();
      expect(await signIns.add('key')).not.toBe(await signIns.add('key'));
      expect(await signIns.find('')).toBeUndefined();
    });
  });
}
