import { stat } from 'node:fs/promises';

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { within, withinOwnTime } from '../../src/common/within.ts';

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

test('what came while this process was busy came in time', async () => {
  vi.useRealTimers();
  const waiting = withinOwnTime(stat(import.meta.filename), 1000);
  const startedAt = performance.now();
  while (performance.now() - startedAt < 1200); // no timer fires, and no answer is read
  expect(await waiting).toBeDefined();
});

test('of an answer from outside, too, the time has an end', async () => {
  const waiting = withinOwnTime(NEVER, 1000);
  await vi.advanceTimersByTimeAsync(1100);
  expect(await waiting).toBeUndefined();
  await expect(withinOwnTime(Promise.reject(new Error('no')), 1000)).rejects.toThrow('no');
});
