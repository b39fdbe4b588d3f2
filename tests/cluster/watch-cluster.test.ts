import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { createTick } from '../../src/cluster/front/watch-cluster.ts';

const NEVER = new Promise<void>(() => {});
const fail = () => Promise.reject(new Error('refused'));

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('who takes long to look around has not lost Redis', async () => {
  const noted = await watch({ giveSign: () => Promise.resolve(), look: () => NEVER });
  expect(noted.length).toBeGreaterThan(5);
  expect(noted).not.toContain(false);
});

test('a look that fails is a problem, and no lost Redis', async () => {
  const noted = await watch({ giveSign: () => Promise.resolve(), look: fail });
  expect(noted).not.toContain(false);
});

test('a sign of life that nobody takes, or that is refused, is a lost Redis', async () => {
  const look = vi.fn<() => Promise<void>>(() => Promise.resolve());
  expect(await watch({ giveSign: () => NEVER, look })).not.toContain(true);
  expect(await watch({ giveSign: fail, look })).not.toContain(true);
  expect(look).not.toHaveBeenCalled();
});

/** What is noted in ten seconds. */
async function watch(how: { giveSign: () => Promise<void>; look: () => Promise<void> }) {
  const noted: boolean[] = [];
  const noteUp = (isUp: boolean) => void noted.push(isUp);
  const tick = createTick({ ...how, everyMs: 500, noteUp, onProblem: () => undefined });
  await vi.advanceTimersByTimeAsync(10_000);
  tick.stop();
  return noted;
}
