import { expect, test } from 'vitest';

import { chart } from '../../src/dashboard/chart.ts';

const OPTIONS = { title: 'Requests', format: String, from: 'Last hour' };

test('bars are as high as their values, and nothing is no bar', async () => {
  const text = await draw('bars', [0, 38, 76]);
  const heights = [...text.matchAll(/ height="([\d.]+)"/g)].map(([, height]) => Number(height));
  expect(heights).toEqual([38, 76]);
  expect(text).toContain('aria-label="Requests: highest 76"');
  expect(text).toContain('<b>114</b>');
});

test('a line breaks where nothing is known', async () => {
  const text = await draw('lines', [1, 2, undefined, 4]);
  const path = / d="([^"]+)"/.exec(text)?.[1] ?? '';
  expect(path.match(/[ML]/g)).toEqual(['M', 'L', 'M']);
  expect(text).toContain('<b>4</b>');
});

test('without any value it is empty and says so', async () => {
  const text = await draw('lines', [undefined, undefined]);
  expect(text).not.toContain('<path');
  expect(text).toContain('<b>–</b>');
});

async function draw(kind: 'bars' | 'lines', values: readonly (number | undefined)[]) {
  return String(await chart({ ...OPTIONS, kind, series: [{ name: 'requests', values }] }));
}
