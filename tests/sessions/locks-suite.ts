import { beforeEach, describe, expect, test } from 'vitest';

import type { SessionLocks } from '../../src/sessions/session-locks.ts';

/** What locks do that hold among servers; `open` gives two servers' views of free ones. */
export function describeLocks(open: () => Promise<readonly [SessionLocks, SessionLocks]>): void {
  describe('locks of sessions', () => {
    let one: SessionLocks;
    let other: SessionLocks;
    beforeEach(async () => {
      [one, other] = await open();
    });

    test('who comes to the other one waits, and comes in when the first lets go', async () => {
      const release = await one.acquire('id', undefined);
      expect(await other.tryAcquire('id')).toBeUndefined();
      expect(await other.isHeld('id')).toBe(true);
      expect(await other.isHeld('another id')).toBe(false);
      let isIn = false;
      const second = other.acquire('id', undefined).then((releaseSecond) => {
        isIn = true;
        return releaseSecond;
      });
      (await other.acquire('another id', undefined))();
      expect(isIn).toBe(false);
      release();
      release();
      (await second)();
      expect(await one.isHeld('id')).toBe(false);
    });

    test('who leaves while waiting gets the reason, and keeps nothing', async () => {
      const caller = new AbortController();
      const release = await one.acquire('id', undefined);
      const second = other.acquire('id', caller.signal);
      caller.abort(new Error('left'));
      await expect(second).rejects.toThrow('left');
      release();
      (await other.acquire('id', undefined))();
    });

    test('of those who try at the same time one has it', async () => {
      const tries = [one, other, one, other].map((locks) => locks.tryAcquire('id'));
      const got = (await Promise.all(tries)).filter((release) => release !== undefined);
      expect(got).toHaveLength(1);
    });
  });
}
