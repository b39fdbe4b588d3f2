import { expect, test } from 'vitest';

import { readDataUrl } from '../../../src/dialects/shared/data-url.ts';

test.for([
  ['data:image/png;base64,AAAA', { mediaType: 'image/png', data: 'AAAA' }],
  ['data:image/svg+xml;charset=utf-8;base64,AAAA', { mediaType: 'image/svg+xml', data: 'AAAA' }],
  ['data:;base64,AA==', { mediaType: 'application/octet-stream', data: 'AA==' }],
] as const)('reads %s', ([url, expected]) => {
  expect(readDataUrl(url)).toEqual(expected);
});

test.for(['https://example.com/data:image/png;base64,AAAA', 'data:text/plain,hello', 'AAAA', ''])(
  'leaves %j alone',
  (url) => {
    expect(readDataUrl(url)).toBeUndefined();
  },
);
