import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { Busboy, type BusboyFileStream } from '@fastify/busboy';
import type { Context } from 'hono';

import { RunError } from '../../run-error.ts';
import { decodeBody } from './decode-body.ts';
import { orDiscard } from './discard-body.ts';

/** A form with one file in the field `file`. */
export type ReadForm<Kept> = {
  fields: Readonly<Record<string, string>>;
  file: { name: string; kept: Kept };
};

export type ReadFormOptions<Kept> = {
  /** Takes the file's bytes as they come, before the other fields are known. */
  take: (pieces: AsyncIterable<Uint8Array>) => Promise<Kept>;
  /** Forgets what was taken of a form that is no use in the end. */
  drop: (kept: Kept) => Promise<void>;
  /** Largest body, in bytes. */
  maxBytes: number;
};

/** For one file there is no need of more. */
const LIMITS = { files: 1, fields: 20, parts: 25, fieldSize: 1024, fieldNameSize: 100 };

type Taken<Kept> = { name: string; stream: BusboyFileStream; kept: Promise<Kept> };

/**
 * Reads a form (`multipart/form-data`) piece by piece: the file is never in memory as a whole. Throws
 * `invalid-request` for what is no such form, `request-too-large`, and what `take` throws.
 */
export function readForm<Kept>(
  c: Context,
  options: ReadFormOptions<Kept>,
): Promise<ReadForm<Kept>> {
  return orDiscard(c.req.raw.body, () => readParts(c, options));
}

async function readParts<Kept>(
  c: Context,
  { take, drop, maxBytes }: ReadFormOptions<Kept>,
): Promise<ReadForm<Kept>> {
  const parser = toParser(c.req.header('content-type'));
  const fields: Record<string, string> = {};
  let file: Taken<Kept> | undefined;
  parser.on('field', (name, value) => void (fields[name] = value));
  parser.on('file', (field, stream, name) => {
    if (field !== 'file' || file) return void stream.resume();
    const kept = take(stream);
    kept.catch((error: Error) => parser.destroy(error));
    file = { name, stream, kept };
  });
  // The compiler does not see what the listener does.
  const taken = () => file;
  try {
    await pipeline(Readable.from(bounded(readBody(c), maxBytes)), parser);
  } catch (error) {
    taken()?.stream.destroy();
    await taken()?.kept.then(drop, () => undefined);
    throw toUnreadable(error);
  }
  const found = taken();
  if (!found) throw new RunError('invalid-request', 'file: is required', { param: 'file' });
  return { fields, file: { name: found.name, kept: await found.kept } };
}

function readBody(c: Context): AsyncIterable<Uint8Array> {
  const { body } = c.req.raw;
  return body ? decodeBody(body, c.req.header('content-encoding')) : Readable.from([]);
}

async function* bounded(pieces: AsyncIterable<Uint8Array>, maxBytes: number) {
  let length = 0;
  for await (const piece of pieces) {
    length += piece.length;
    if (length > maxBytes) throw new RunError('request-too-large', 'The form is too large.');
    yield piece;
  }
}

function toParser(contentType = '') {
  const sentence = 'Send a form, with the header `content-type: multipart/form-data`.';
  if (!contentType.startsWith('multipart/form-data')) {
    throw new RunError('invalid-request', sentence);
  }
  try {
    return new Busboy({ headers: { 'content-type': contentType }, limits: LIMITS });
  } catch (cause) {
    throw new RunError('invalid-request', sentence, { cause });
  }
}

function toUnreadable(cause: unknown) {
  const isOwn = cause instanceof RunError || typeof cause === 'string';
  const isOfDisk = cause instanceof Error && 'errno' in cause;
  if (isOwn || isOfDisk) return cause;
  return new RunError('invalid-request', 'The form cannot be read.', { cause });
}
