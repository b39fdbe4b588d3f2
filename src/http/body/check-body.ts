import { setImmediate } from 'node:timers/promises';

import type { z } from 'zod';

import { BODIES, type BodyName } from '../../dialects/bodies.ts';
import { RunError } from '../../run-error.ts';
import { createThread, ThreadFailure } from '../../threads/create-thread.ts';
import { createValueCounter } from './count-values.ts';
import { toInvalidRequest, withoutDepths } from './to-invalid-request.ts';

/** What the thread is asked, and what it finds: the body as the schema leaves it, or what is wrong. */
export type BodyCheck = { name: BodyName; text: string };
export type BodyVerdict = { body: unknown } | { complaint: string; param: string | undefined };

/** A body of more values is checked in a thread of its own: a wrong one takes 3 µs for each. */
const MANY_VALUES = 10_000;

/** So is a longer text: with escapes in it, it takes 6 ms for each megabyte to read. */
const MANY_CHARACTERS = 4_000_000;

/** What is counted of a text at a time. */
const PIECE_CHARACTERS = 1_000_000;

/** Longest check, in milliseconds; the worst bodies that may be sent take a tenth of it. */
const LIMIT_MS = 10_000;

const inThread = createThread({
  module: new URL('check-body-thread', import.meta.url),
  limitMs: LIMIT_MS,
}) as (check: BodyCheck) => Promise<BodyVerdict>; // as its module says

/**
 * Reads a JSON text as the body that a schema describes. Holds up nobody else, however large it is.
 * Throws `RunError` `invalid-request` that names the field, and `request-too-large`.
 */
export async function checkBody<Body>(
  schema: z.ZodType<Body>,
  text: string,
  valueCount = countValues(text),
): Promise<Body> {
  const name = nameOf(schema);
  if (isLargeBody(text, valueCount) && name !== undefined)
    return checkInThread<Body>({ name, text });
  return checkHere(schema, readJson(text));
}

/** The same for what was read already. */
export async function checkValue<Body>(
  schema: z.ZodType<Body>,
  value: unknown,
  valueCount: number,
): Promise<Body> {
  if (valueCount > MANY_VALUES) return checkBody(schema, JSON.stringify(value), valueCount);
  return checkHere(schema, value);
}

/** Whether it would hold up others to read and check the text here. */
export function isLargeBody(text: string, valueCount: number): boolean {
  return valueCount > MANY_VALUES || text.length > MANY_CHARACTERS;
}

function checkHere<Body>(schema: z.ZodType<Body>, value: unknown): Body {
  const result = withoutDepths(schema).safeParse(value);
  if (!result.success) throw toInvalidRequest(result.error.issues);
  return result.data;
}

async function checkInThread<Body>(check: BodyCheck): Promise<Body> {
  const verdict = await inThread(check).catch((cause: unknown) => {
    throw cause instanceof ThreadFailure ? toTooMuch(cause) : cause;
  });
  if ('complaint' in verdict) {
    throw new RunError('invalid-request', verdict.complaint, { param: verdict.param });
  }
  const body = verdict.body as Body; // what the schema made of it, there
  await setImmediate(); // to translate it takes as long again
  return body;
}

/** Reads a JSON text. Throws `invalid-request`. */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new RunError('invalid-request', 'Malformed JSON in request body', { cause });
  }
}

/** Throws `request-too-large` for more than a body may hold. */
export function countValues(text: string): number {
  const values = createValueCounter();
  values.add(Buffer.from(text));
  return values.count;
}

/** The same for a text of any length: a piece of it between one turn of the event loop and the next. */
export async function countValuesInPieces(text: string): Promise<number> {
  const values = createValueCounter();
  for (let from = 0; from < text.length; from += PIECE_CHARACTERS) {
    if (from > 0) await setImmediate();
    values.add(Buffer.from(text.slice(from, from + PIECE_CHARACTERS)));
  }
  return values.count;
}

function nameOf(schema: z.ZodType): BodyName | undefined {
  const names = Object.keys(BODIES) as BodyName[]; // of a constant
  return names.find((name) => BODIES[name] === schema);
}

function toTooMuch(cause: ThreadFailure) {
  return new RunError(
    'request-too-large',
    'The request body takes too long to check: send fewer parts in one request.',
    { cause },
  );
}
