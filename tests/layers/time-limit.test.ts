import { expect, test } from 'vitest';

import { createTimeLimit, WorkTooLong } from '../../src/layers/time-limit.ts';

const limit = createTimeLimit(100);

test('work that takes its processor time and more is given up', () => {
  expect(() =>
    limit(() => {
      for (;;);
    }),
  ).toThrow(WorkTooLong);
});

test('work that the machine had no time for is begun anew, with more patience', () => {
  const idle = new Int32Array(new SharedArrayBuffer(4));
  // Sleeps: that takes time, but not the processor's.
  expect(limit(() => Atomics.wait(idle, 0, 0, 150))).toBe('timed-out');
});

test('what it throws is its own', () => {
  expect(() =>
    limit(() => {
      throw new RangeError('Mine.');
    }),
  ).toThrow('Mine.');
});
