import { z } from 'zod';

import { RunError, type RunErrorCode } from './run-error.ts';
import type { Run, RunEvent, RunProgress, RunRequest } from './run.ts';

/**
 * Runs between two processes: requests, events and failures as JSON texts. Images and documents are
 * base64 already, and a field that is `undefined` is left out, so that nothing is lost on the way; only a
 * failure's `cause`, which is for the log of the process where it happened, stays there.
 */

/** Sent along, so that two versions of this program do not misread each other. */
export const WIRE_VERSION = 1;

const Envelope = z.discriminatedUnion('type', [
  z.object({ version: z.literal(WIRE_VERSION), type: z.literal('request'), request: z.unknown() }),
  z.object({ version: z.literal(WIRE_VERSION), type: z.literal('event'), event: z.unknown() }),
  z.object({
    version: z.literal(WIRE_VERSION),
    type: z.literal('error'),
    error: z.object({
      code: z.string(),
      message: z.string(),
      param: z.string().optional(),
      retryAfterSeconds: z.number().optional(),
      details: z.record(z.string(), z.unknown()).optional(),
    }),
  }),
]);

type Envelope = z.infer<typeof Envelope>;

/** A request as one JSON text. */
export function requestToWire(request: RunRequest): string {
  return seal({ version: WIRE_VERSION, type: 'request', request });
}

/** Reads what `requestToWire` wrote. Throws `internal` for anything else, other versions included. */
export function requestFromWire(text: string): RunRequest {
  const envelope = open(text);
  if (envelope.type !== 'request') throw unreadable();
  return envelope.request as RunRequest; // written by `requestToWire` of the same version
}

/** A run as JSON texts, one for each event. Its failure is the last of them, and thrown by nobody here. */
export async function* eventsToWire(events: ReturnType<Run>): AsyncIterable<string> {
  try {
    for await (const event of events) yield seal({ version: WIRE_VERSION, type: 'event', event });
  } catch (error) {
    yield failureToWire(error);
  }
}

/** Reads what `eventsToWire` wrote. Throws the `RunError` that the run threw, or `internal`. */
export async function* eventsFromWire(texts: AsyncIterable<string>): ReturnType<Run> {
  for await (const text of texts) {
    const envelope = open(text);
    if (envelope.type === 'error') throw toRunError(envelope.error);
    if (envelope.type !== 'event') throw unreadable();
    yield envelope.event as RunEvent | RunProgress; // written by `eventsToWire` of the same version
  }
}

/** A failure as one JSON text; of what is no `RunError`, only that something failed. */
export function failureToWire(error: unknown): string {
  return seal({ version: WIRE_VERSION, type: 'error', error: toPlain(error) });
}

/** Reads what `failureToWire` wrote. */
export function failureFromWire(text: string): RunError {
  const envelope = open(text);
  return envelope.type === 'error' ? toRunError(envelope.error) : unreadable();
}

function seal(envelope: Envelope) {
  return JSON.stringify(envelope);
}

function open(text: string): Envelope {
  try {
    return Envelope.parse(JSON.parse(text));
  } catch (cause) {
    throw unreadable(cause);
  }
}

function unreadable(cause?: unknown) {
  const sentence =
    'Two parts of this server did not understand each other; run the same version of both.';
  return new RunError('internal', sentence, { cause });
}

function toPlain(error: unknown) {
  if (!(error instanceof RunError))
    return { code: 'internal', message: 'The server failed; its log says why.' };
  const { code, message, param, retryAfterSeconds, details } = error;
  return {
    code,
    message,
    ...(param !== undefined && { param }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    ...(details && { details }),
  };
}

function toRunError({ code, message, ...options }: Extract<Envelope, { type: 'error' }>['error']) {
  return new RunError(code as RunErrorCode, message, options); // written by `toPlain` of the same version
}
