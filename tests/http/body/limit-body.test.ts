import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';

import { describe, expect, test } from 'vitest';

import { APP_KEY, createTestApp } from '../../support/create-test-app.ts';
import { ROUTES } from '../../support/routes.ts';

const app = createTestApp({ settings: { maxBodyBytes: 1_000_000 } });

const PACKED = {
  gzip: gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
  zstd: zstdCompressSync,
  GZIP: gzipSync,
} as const;

const POSTS = ROUTES.filter(({ method }) => method === 'POST');

describe.each(POSTS)('$path', ({ path, body }) => {
  test.each(Object.entries(PACKED))('a body in %s is read', async (encoding, pack) => {
    const response = await send(path, pack(JSON.stringify(body)), encoding);
    expect(response.status).toBe(200);
  });

  test('one that is too large once it is unpacked is a 413', async () => {
    const large = JSON.stringify({ ...body, metadata: { note: ' '.repeat(2_000_000) } });
    const response = await send(path, gzipSync(large), 'gzip');
    expect([response.status, await response.text()]).toEqual([
      413,
      expect.stringMatching(/larger/),
    ]);
  });

  test.each([
    ['compress', gzipSync('{}'), /content-encoding.*gzip, deflate, br or zstd/],
    ['gzip, br', gzipSync('{}'), /content-encoding/],
    ['constructor', gzipSync('{}'), /content-encoding/],
    ['gzip', Buffer.from('not packed'), /not valid gzip/],
    ['zstd', zstdCompressSync('{"a": "b"}').subarray(0, 12), /not valid zstd|JSON|required/],
  ] as const)('%s that cannot be read is a 400', async (encoding, bytes, sentence) => {
    const response = await send(path, bytes, encoding);
    expect([response.status, await response.text()]).toEqual([
      400,
      expect.stringMatching(sentence),
    ]);
  });

  test('one of too many values is a 413, small or packed as it may be', async () => {
    const many = JSON.stringify({ ...body, metadata: Array.from({ length: 110_000 }, () => 1) });
    for (const response of [await send(path, many), await send(path, gzipSync(many), 'gzip')]) {
      expect([response.status, await response.text()]).toEqual([
        413,
        expect.stringMatching(/more than 100000 values/),
      ]);
    }
  });
});

function send(path: string, bytes: Uint8Array<ArrayBuffer> | string, encoding?: string) {
  const headers = new Headers({
    authorization: `Bearer ${APP_KEY}`,
    'content-type': 'application/json',
    ...(encoding !== undefined && { 'content-encoding': encoding }),
  });
  return app.request(path, { method: 'POST', headers, body: bytes });
}
