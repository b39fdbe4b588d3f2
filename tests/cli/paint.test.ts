import { expect, test } from 'vitest';

import { createPaint } from '../../src/cli/paint.ts';

test.each([
  ['on a terminal', true, {}, '\u001B[31mtext\u001B[39m'],
  ['with NO_COLOR', true, { NO_COLOR: '1' }, 'text'],
  ['with an empty NO_COLOR', true, { NO_COLOR: '' }, '\u001B[31mtext\u001B[39m'],
  ['in a pipe', undefined, {}, 'text'],
])('%s', (_, isTerminal, environment, painted) => {
  expect(createPaint({ isTerminal, environment })('red', 'text')).toBe(painted);
});
