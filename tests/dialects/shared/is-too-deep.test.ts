import { expect, test } from 'vitest';

import { isTooDeep } from '../../../src/dialects/shared/is-too-deep.ts';

const nest = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));

test.each([
  [3, 3, false],
  [4, 3, true],
  [200, undefined, false],
  [201, undefined, true],
  [100_000, undefined, true],
])('%i levels where %o are allowed: %o', (levels, most, expected) => {
  expect(isTooDeep(nest(levels), most)).toBe(expected);
});

test.each([null, 'text', 7, undefined, {}, [], { a: [1, { b: null }] }])('%o is not', (value) => {
  expect(isTooDeep(value)).toBe(false);
});

test('what is wide is not deep', () => {
  expect(isTooDeep(Array.from({ length: 100_000 }, () => ({ a: [] })))).toBe(false);
});
