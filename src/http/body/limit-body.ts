import type { Context } from 'hono';
import { createMiddleware } from 'hono/factory';

import { RunError } from '../../run-error.ts';
import { type BodyMeterOptions, createBodyMeter, type HeldBody } from './body-meter.ts';
import { createValueCounter } from './count-values.ts';
import { decodeBody } from './decode-body.ts';
import { orDiscard } from './discard-body.ts';
import { countIfRefused } from '../count-if-refused.ts';
import type { AppEnv } from '../variables.ts';

export type { BodyMeterOptions };

/** A body up to here is counted when it is checked; reading it piece by piece would cost more, 15 KB each. */
const SMALL_BYTES = 65_536;

/**
 * Refuses a body over `maxBytes`, before and after it is unpacked, one of too many values, and one that has no
 * room beside those of other requests, until these are answered. A small one of a known length is left to
 * whoever reads it: the HTTP server holds the caller to it.
 */
export function limitBody(maxBytes: number, held: BodyMeterOptions = {}) {
  const meter = createBodyMeter(held);
  return createMiddleware<AppEnv>(async (c, next) => {
    const refusal = { countRefused: c.get('countRefused') };
    const holdBody = () => meter.open(c.get('caller').keyId);
    c.set('holdBody', holdBody);
    const body = holdBody();
    try {
      await countIfRefused(refusal, () => readOrDiscard(c, body, maxBytes));
      await next();
    } finally {
      c.get('whenAnswered')(() => body.release());
    }
  });
}

/** What is refused takes no room any more while the rest of it comes. */
function readOrDiscard(c: Context<AppEnv>, body: HeldBody, maxBytes: number) {
  return orDiscard(c.req.raw.body, () =>
    readBody(c, body, maxBytes).catch((refusal: unknown) => {
      body.release();
      throw refusal;
    }),
  );
}

async function readBody(c: Context<AppEnv>, body: HeldBody, maxBytes: number) {
  const length = c.req.header('content-length');
  if (Number(length ?? 0) > maxBytes) refuse();
  const isPlain = c.req.header('content-encoding') === undefined;
  const isKnown = length !== undefined && c.req.header('transfer-encoding') === undefined;
  if (isPlain && isKnown) body.add(Number(length));
  const isLeft = isPlain && isKnown && Number(length) <= SMALL_BYTES;
  if (isLeft || !c.req.raw.body) return;
  const pieces = decodeBody(c.req.raw.body, c.req.header('content-encoding'));
  const counted = isPlain && isKnown ? pieces : countPieces(pieces, body);
  const { text, valueCount } = await readText(counted, maxBytes);
  Object.assign(c.req.bodyCache, { text: Promise.resolve(text) }); // its type has no promises
  c.set('valueCount', valueCount);
}

async function* countPieces(pieces: AsyncIterable<Uint8Array>, body: HeldBody) {
  for await (const piece of pieces) {
    body.add(piece.length);
    yield piece;
  }
}

async function readText(pieces: AsyncIterable<Uint8Array>, maxBytes: number) {
  const values = createValueCounter();
  const decoder = new TextDecoder();
  const texts: string[] = [];
  let length = 0;
  for await (const piece of pieces) {
    length += piece.length;
    if (length > maxBytes) refuse();
    values.add(piece);
    texts.push(decoder.decode(piece, { stream: true }));
  }
  texts.push(decoder.decode());
  return { text: texts.join(''), valueCount: values.count };
}

function refuse(): never {
  throw new RunError(
    'request-too-large',
    'The request body is larger than this server takes (MAX_BODY_BYTES).',
  );
}
