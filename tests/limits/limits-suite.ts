import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { Counters } from '../../src/limits/counters.ts';
import type { Places } from '../../src/limits/places.ts';

const KEY = { id: 'key-a', runningAtOnce: 3 };

/** What all counters do, wherever the counts stand. `open` gives two servers' views of new ones. */
export function describeCounters(
  open: () => Promise<{ counters: readonly [Counters, Counters]; close: () => void }>,
): void {
  describe('counters', () => {
    let one: Counters;
    let other: Counters;
    let close: () => void;
    beforeEach(async () => {
      ({
        counters: [one, other],
        close,
      } = await open());
    });
    afterEach(() => close());

    test('what nobody used is nothing', async () => {
      expect(await one.read('tokensPerDay', 'key-a')).toEqual({ used: 0, msLeft: 0 });
    });

    test('servers add up, key by key and count by count', async () => {
      expect(await one.add('requestsPerMinute', 'key-a', 2)).toMatchObject({ used: 2 });
      expect(await other.add('requestsPerMinute', 'key-a', 1)).toMatchObject({ used: 3 });
      const { used, msLeft } = await one.read('requestsPerMinute', 'key-a');
      expect(used).toBe(3);
      expect(msLeft).toBeGreaterThan(0);
      expect(msLeft).toBeLessThanOrEqual(60_000);
      expect(await one.read('requestsPerMinute', 'key-b')).toMatchObject({ used: 0 });
      expect(await one.read('tokensPerMinute', 'key-a')).toMatchObject({ used: 0 });
    });

    test('of what is counted at the same time nothing is lost', async () => {
      const adding = Array.from({ length: 40 }, (_, index) =>
        (index % 2 === 0 ? one : other).add('microUsdPerDay', 'key-a', 5),
      );
      const counts = (await Promise.all(adding)).map(({ used }) => used);
      expect(Math.max(...counts)).toBe(200);
      expect(await one.read('microUsdPerDay', 'key-a')).toMatchObject({ used: 200 });
    });
  });
}

/** What all places do; `open` gives two servers' views of new ones. */
export function describePlaces(open: () => Promise<readonly [Places, Places]>): void {
  describe('places', () => {
    let one: Places;
    let other: Places;
    beforeEach(async () => {
      [one, other] = await open();
    });

    test('a key has as many as it may, over all servers, and again when one is free', async () => {
      const [leave] = await Promise.all([one.take(KEY), other.take(KEY), one.take(KEY)]);
      await expect(one.take(KEY)).rejects.toMatchObject({ code: 'rate-limited' });
      await expect(other.take(KEY)).rejects.toMatchObject({
        message: 'This key may have 3 requests under way at once, and has.',
      });
      expect(await other.count('key-a')).toBe(3);
      await other.take({ ...KEY, id: 'key-b' });
      await leave();
      expect(await other.count('key-a')).toBe(2);
      await other.take(KEY);
      await expect(one.take(KEY)).rejects.toMatchObject({ retryAfterSeconds: 1 });
    });

    test('of those who come at the same time no more are let in', async () => {
      const coming = Array.from({ length: 20 }, (_, index) =>
        (index % 2 === 0 ? one : other).take(KEY),
      );
      const came = await Promise.allSettled(coming);
      expect(came.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    });

    test('a key without a limit has any number', async () => {
      const takes = await Promise.all(Array.from({ length: 20 }, () => one.take({ id: 'key-a' })));
      expect(takes).toHaveLength(20);
      await Promise.all(takes.map((leave) => leave()));
    });
  });
}
