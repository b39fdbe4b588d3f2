import { expect, test } from 'vitest';

import { chart } from '../../../src/dashboard/overview/chart.ts';

type Options = Parameters<typeof chart>[0];

const OPTIONS = { title: 'Requests', format: String, scale: 'clock' } as const;

const START = Date.UTC(2026, 10, 28, 10, 30);

test('bars are as high as their values, and nothing is no bar', async () => {
  const text = await draw('bars', [0, 50, 100]);
  const heights = [...text.matchAll(/ height="([\d.]+)"/g)].map(([, height]) => Number(height));
  expect(heights).toEqual([40, 80]);
  expect(text).toContain('aria-label="Requests: highest 100"');
});

test('a line breaks where nothing is known', async () => {
  const text = await draw('lines', [1, 2, undefined, 4]);
  const path = / d="([^"]+)"/.exec(text)?.[1] ?? '';
  expect(path.match(/[ML]/g)).toEqual(['M', 'L', 'M']);
});

test('the legend tells what the whole time has, not its last moment', async () => {
  expect(await draw('lines', [1, 2, 9], { whole: 3 })).toContain('<b>3</b>');
});

test('without any value it is empty and says so', async () => {
  const text = await draw('lines', [undefined, undefined]);
  expect(text).not.toContain('<path');
  expect(text).toContain('<b>–</b>');
});

test.each([
  [[1], ['1', '0.5', '0']],
  [
    [3, 37],
    ['40', '20', '0'],
  ],
  [[0.011], ['0.02', '0.01', '0']],
  [[900], ['1000', '500', '0']],
  [[0], []],
])('the scale of %j ends at a short number: %j', async (values, ticks) => {
  const text = await draw('bars', values);
  const scale = /class="scale"[^>]*>(.*?)<\/div>/s.exec(text)?.[1] ?? '';
  expect([...scale.matchAll(/<span>([^<]+)<\/span>/g)].map(([, tick]) => tick)).toEqual(ticks);
});

test('a slot tells its time and its values, and leads where it is said', async () => {
  const text = await draw('bars', [0, 7], { href: '/requests?from=1&to=2' });
  expect(text).toMatch(/10:31<\/time>\s*<b>requests 7<\/b>/);
  expect(text.match(/class="tip/g)).toHaveLength(1);
  expect(text).toContain('<a href="/requests?from=1&amp;to=2" aria-label="Requests, requests 7">');
});

async function draw(
  kind: Options['kind'],
  values: readonly (number | undefined)[],
  { whole, href }: { whole?: number; href?: string } = {},
) {
  const series = [{ name: 'requests', values, whole }];
  const slots = values.map((_, index) => ({ atMs: START + index * 60_000, href }));
  return String(await chart({ ...OPTIONS, kind, series, slots }));
}
