import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { within } from '../../src/common/within.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const NEVER = new Promise<string>(() => {});

test('what comes in time is brought, and leaves no timer', async () => {
  expect(await within(Promise.resolve('here'), 1000)).toBe('here');
  expect(vi.getTimerCount()).toBe(0);
});

test('what takes longer is not waited for', async () => {
  const waiting = within(NEVER, 1000);
  await vi.advanceTimersByTimeAsync(1000);
  expect(await waiting).toBeUndefined();
});

test('a failure is one', async () => {
  await expect(within(Promise.reject(new Error('no')), 1000)).rejects.toThrow('no');
});
