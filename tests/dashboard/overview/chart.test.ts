import { expect, test } from 'vitest';

import { chart } from '../../../src/dashboard/overview/chart.ts';

const OPTIONS = { title: 'Requests', format: String, from: 'Last hour' };

test('bars are as high as their values, and nothing is no bar', async () => {
  const text = await draw('bars', [0, 38, 76]);
  const heights = [...text.matchAll(/ height="([\d.]+)"/g)].map(([, height]) => Number(height));
  expect(heights).toEqual([38, 76]);
  expect(text).toContain('aria-label="Requests: highest 76"');
});

test('a line breaks where nothing is known', async () => {
  const text = await draw('lines', [1, 2, undefined, 4]);
  const path = / d="([^"]+)"/.exec(text)?.[1] ?? '';
  expect(path.match(/[ML]/g)).toEqual(['M', 'L', 'M']);
});

test('the legend tells what the whole time has, not its last moment', async () => {
  expect(await draw('lines', [1, 2, 9], 3)).toContain('<b>3</b>');
});

test('without any value it is empty and says so', async () => {
  const text = await draw('lines', [undefined, undefined]);
  expect(text).not.toContain('<path');
  expect(text).toContain('<b>–</b>');
});

async function draw(
  kind: 'bars' | 'lines',
  values: readonly (number | undefined)[],
  whole?: number,
) {
  return String(await chart({ ...OPTIONS, kind, series: [{ name: 'requests', values, whole }] }));
}
