import { beforeEach, describe, expect, test } from 'vitest';

import type { BackgroundRuns } from '../../src/responses/background-runs.ts';

const UNHURRIED = new AbortController().signal;

/** Says `0`, waits until it is let go, then says `1` and `2`. */
function createHeldRun(id: string, keepsEvents = true) {
  const held = Promise.withResolvers<void>();
  const reasons: unknown[] = [];
  const events = async function* say(signal: AbortSignal) {
    signal.addEventListener('abort', () => held.reject(signal.reason));
    yield '0';
    await held.promise.catch((error: unknown) => reasons.push(error));
    if (signal.aborted) return;
    yield '1';
    yield '2';
  };
  return { run: { id, keepsEvents, events }, release: held.resolve, reasons };
}

/** What holds of runs in the background wherever they are; `open` gives two servers' views of none so far. */
export function describeBackground(
  open: () => Promise<readonly [BackgroundRuns<string>, BackgroundRuns<string>]>,
): void {
  describe('runs in the background', () => {
    let one: BackgroundRuns<string>;
    let other: BackgroundRuns<string>;
    beforeEach(async () => {
      [one, other] = await open();
    });

    test('each server can follow one, from where it wants, until it is over', async () => {
      const { run, release } = createHeldRun('resp_1');
      expect(await one.start(run)).toBe('0');
      const all = (await other.follow('resp_1', -1, UNHURRIED))?.[Symbol.asyncIterator]();
      const rest = Array.fromAsync((await other.follow('resp_1', 0, UNHURRIED)) ?? []);
      expect(await all?.next()).toEqual({ done: false, value: '0' });
      release();
      expect(await all?.next()).toEqual({ done: false, value: '1' });
      expect(await rest).toEqual(['1', '2']);
      expect(await all?.next()).toMatchObject({ value: '2' });
      expect(await all?.next()).toMatchObject({ done: true });
      expect(await other.follow('resp_1', -1, UNHURRIED)).toBeUndefined();
    });

    test('each server can end one, and it has ended then', async () => {
      const { run, reasons } = createHeldRun('resp_1');
      await one.start(run);
      await other.end('resp_1', new Error('Enough.'));
      expect(reasons).toEqual([expect.objectContaining({ message: 'Enough.' })]);
      expect(await one.follow('resp_1', -1, UNHURRIED)).toBeUndefined();
      await other.end('resp_1', new Error('Once more.'));
    });

    test('one that keeps no events cannot be followed', async () => {
      const { run, release } = createHeldRun('resp_1', false);
      await one.start(run);
      expect(await other.follow('resp_1', -1, UNHURRIED)).toBeUndefined();
      release();
    });
  });
}
