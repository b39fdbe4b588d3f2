import { expect, test } from 'vitest';

import { toCount, toDollars, toDuration } from '../../src/dashboard/formats.ts';

test.each([
  [toCount, 0, '0'],
  [toCount, 1234, '1,234'],
  [toCount, 1_234_567, '1.2M'],
  [toDuration, 840, '840 ms'],
  [toDuration, 12_345, '12.3 s'],
  [toDuration, 119_900, '2 min'],
  [toDuration, 605_000, '10 min 5 s'],
  [toDuration, 7_380_000, '2 h 3 min'],
  [toDuration, 259_200_000, '3 days'],
  [toDollars, 0, '$0'],
  [toDollars, 0.0123, '$0.0123'],
  [toDollars, 12.3, '$12.30'],
])('%o of %d is %s', (format, value, text) => {
  expect(format(value)).toBe(text);
});
