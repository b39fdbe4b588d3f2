import type { z } from 'zod';

import type { Caller, DroppableParam, RunEvent, RunRequest } from '../run.ts';
import type { RunAnswer } from '../run-answer.ts';
import type { RunError } from '../run-error.ts';

/** One API, translated to and from the canonical types. Pure: it knows neither Hono nor Node. */
export type Dialect<Body> = {
  name: string;
  /** What the API accepts as a request body. */
  body: z.ZodType<Body>;
  toRunRequest(body: Body, caller: Caller): TranslatedRequest;
  /** The whole answer's JSON body. */
  toAnswer(answer: RunAnswer, exchange: Exchange<Body>): object;
  /** The streamed answer, message by message; a failure of the run is thrown through. */
  toMessages(events: AsyncIterable<RunEvent>, exchange: Exchange<Body>): AsyncIterable<SseMessage>;
  failures: Failures;
  /** What the API calls the parameters that a model may refuse. */
  paramNames: Readonly<Record<DroppableParam, string>>;
  /** Streams one JSON text per line to whoever accepts `application/x-ndjson`. */
  offersLines?: true;
};

export type TranslatedRequest = {
  request: RunRequest;
  isStream: boolean;
  /** Parameters that were given and cannot be honoured, by name. */
  ignored: readonly string[];
};

/** What an answer may need to know beside the run's events. */
export type Exchange<Body> = {
  body: Body;
  request: RunRequest;
  requestId: string;
  /** When the request arrived, in milliseconds since the epoch. */
  arrivedAtMs: number;
};

/** One message of a server-sent-event stream. */
export type SseMessage = { event?: string; data: string };

/** How an API says that something went wrong. */
export type Failures = {
  toFailure(error: RunError, requestId: string): Failure;
  /** The same inside a stream that has begun. */
  toFailureMessage(error: RunError, requestId: string): SseMessage;
};

type Failure = { status: number; body: object };
