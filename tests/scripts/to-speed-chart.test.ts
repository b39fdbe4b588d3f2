import { expect, test } from 'vitest';

import { toSpeedChart } from '../../scripts/to-speed-chart.ts';
import { readDocument } from '../documents/read-blocks.ts';

const results = readDocument('bench/RESULTS.md');

test('docs/speed.svg shows what bench/RESULTS.md says', () => {
  expect(readDocument('docs/speed.svg')).toBe(toSpeedChart(results));
});

test('a row that is gone is named', () => {
  expect(() => toSpeedChart('')).toThrow('no ratio for "first token, one request');
});
