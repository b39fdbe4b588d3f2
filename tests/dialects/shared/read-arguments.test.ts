import { expect, test } from 'vitest';

import { readArguments } from '../../../src/dialects/shared/read-arguments.ts';

test.each([
  ['{"a":1}', { a: 1 }],
  ['', {}],
  [' ', {}],
  ['{"a":', { INVALID_JSON: '{"a":' }],
  ['[1]', { INVALID_JSON: '[1]' }],
  ['null', { INVALID_JSON: 'null' }],
])('%s', (text, input) => {
  expect(readArguments(text)).toEqual(input);
});
