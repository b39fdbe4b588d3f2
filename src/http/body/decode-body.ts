import { pipeline, Readable } from 'node:stream';
import {
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createZstdDecompress,
} from 'node:zlib';

import { RunError } from '../../run-error.ts';

const DECODERS = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
} as const;

/**
 * What the caller sends, piece by piece. Who stops before the end leaves the rest unread; the connection stays.
 */
function readSent(body: ReadableStream<Uint8Array>) {
  return Readable.from(body.values({ preventCancel: true }), { objectMode: false });
}

/**
 * The body as it was before its `content-encoding`, piece by piece. Throws `invalid-request` for an
 * encoding that is not known (never a 415, which some clients try again), and for what is not in it.
 */
export async function* decodeBody(
  body: ReadableStream<Uint8Array>,
  encoding: string | undefined,
): AsyncIterable<Uint8Array> {
  const name = encoding?.trim().toLowerCase() ?? 'identity';
  if (name === 'identity' || name === '') {
    yield* readSent(body) as AsyncIterable<Uint8Array>;
    return;
  }
  if (!isKnown(name)) throw toUnknownEncoding();
  const decoder = DECODERS[name]();
  // What fails shows below, where the pieces are read.
  pipeline(readSent(body), decoder, () => undefined);
  try {
    yield* decoder as AsyncIterable<Uint8Array>;
  } catch (cause) {
    throw new RunError('invalid-request', `The body is not valid ${name}.`, { cause });
  }
}

function isKnown(name: string): name is keyof typeof DECODERS {
  return Object.hasOwn(DECODERS, name);
}

function toUnknownEncoding() {
  return new RunError(
    'invalid-request',
    "The body's `content-encoding` is not known here: send it plain, or as gzip, deflate, br or zstd.",
  );
}
