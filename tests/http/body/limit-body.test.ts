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

describe('what is refused is read to its end, so that its sender reads why', () => {
  const [{ path }] = POSTS as [(typeof POSTS)[number]];
  const PIECE = new TextEncoder().encode(' '.repeat(100_000));

  test.each([
    ['of an unknown length', {}, 413],
    ['that says to be too large', { 'content-length': '2000000' }, 413],
    ['in an unknown encoding', { 'content-encoding': 'x-nothing' }, 400],
    ['that is not packed as it says', { 'content-encoding': 'gzip' }, 400],
  ] as const)('a body %s', async (_, headers, status) => {
    const sent = toSent(20);
    const response = await postSent(path, sent.body, headers);
    expect([response.status, sent.hasEnded()]).toEqual([status, true]);
  });

  test('a file that is no form', async () => {
    const sent = toSent(20);
    const response = await postSent('/v1/files', sent.body, { 'content-type': 'text/plain' });
    expect([response.status, sent.hasEnded()]).toEqual([400, true]);
  });

  test('but one without end is not', async () => {
    const sent = toSent(Infinity);
    expect((await postSent(path, sent.body, {})).status).toBe(413);
    expect(sent.hasEnded()).toBe(false);
  });

  /** A body that is sent as it is read. */
  function toSent(pieces: number) {
    let count = 0;
    let hasEnded = false;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        count += 1;
        if (count <= pieces) return controller.enqueue(PIECE);
        hasEnded = true;
        controller.close();
      },
    });
    return { body, hasEnded: () => hasEnded };
  }
});

function postSent(to: string, body: ReadableStream<Uint8Array>, headers: Record<string, string>) {
  return app.request(to, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${APP_KEY}`,
      'content-type': 'application/json',
      ...headers,
    },
    body,
    duplex: 'half',
  });
}
