import { expect, test } from 'vitest';

import { toLoad } from '../../src/claude/to-load.ts';

const IDLE = { running: 0, waiting: 0, concurrency: 2 };

test.each([
  ['nobody asks', {}, 0, 'none'],
  ['a place is free', { running: 1 }, 0, 'some'],
  ['all places are taken', { running: 2 }, 0, 'full'],
  ['somebody waits', { running: 1, waiting: 1 }, 0, 'full'],
  ["a caller's tools are at work", {}, 1, 'some'],
  ["a caller's tools are at work, and all places are taken", { running: 2 }, 1, 'full'],
] as const)('when %s', (_, queue, suspended, load) => {
  expect(toLoad({ ...IDLE, ...queue }, suspended)).toBe(load);
});
