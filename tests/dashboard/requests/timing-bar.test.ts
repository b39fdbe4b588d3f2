import { expect, test } from 'vitest';

import { timingBar } from '../../../src/dashboard/requests/timing-bar.ts';

type Times = Parameters<typeof timingBar>[0];

test.each<[string, Times, string]>([
  [
    'a whole answer',
    { queuedMs: 100, boundMs: 400, firstTokenMs: 900, totalMs: 1000 },
    'waited 100 ms, process 300 ms, first token 500 ms, answer 100 ms, whole 1.0 s',
  ],
  [
    'a failure in the queue',
    { queuedMs: null, boundMs: null, firstTokenMs: null, totalMs: 1000 },
    'waited 1.0 s, whole 1.0 s',
  ],
  [
    'a failure before the first token',
    { queuedMs: 0, boundMs: 400, firstTokenMs: null, totalMs: 1000 },
    'waited 0 ms, process 400 ms, first token 600 ms, whole 1.0 s',
  ],
  [
    'steps that nobody told of',
    { queuedMs: null, boundMs: null, firstTokenMs: 200, totalMs: 1000 },
    'first token 200 ms, answer 800 ms, whole 1.0 s',
  ],
])('%s', async (_, times, legend) => {
  const text = String(await timingBar(times));
  const words = [...text.matchAll(/<span[^>]*>\s*([^<]+?)\s*<b>([^<]+)<\/b>/g)];
  expect(words.map(([, name, value]) => `${name} ${value}`).join(', ')).toBe(legend);
  const widths = [...text.matchAll(/ width="([\d.]+)"/g)].map(([, width]) => Number(width));
  expect(widths.reduce((sum, width) => sum + width, 0)).toBeCloseTo(300, 1);
});
