import type { z } from 'zod';

import type { Caller, DroppableParam, RunEvent, RunRequest } from '../run.ts';
import type { RunAnswer } from '../run-answer.ts';
import type { RunError } from '../run-error.ts';
import type { Operation, Schemas } from './operation.ts';
import type { Trial } from './trial.ts';

/** One API, as its folder offers it; `index.ts` beside this file lists them all. */
export type Api = {
  /** What stands at these paths or below them is its own: failures there are told in its words. */
  paths: readonly string[];
  failures: Failures;
  /** What a run answers, each with a route of its own. */
  dialects: readonly Dialect<unknown>[];
  /** What the catalogue of the models answers. Default: nothing. */
  catalogue?: readonly CatalogueRoute<unknown>[];
  /** Its clients cannot send a key; the operator may let one stand for them. */
  sendsNoKey?: true;
  /** How each of its dialects is tried. */
  trials: readonly Trial[];
  operations: readonly Operation[];
  schemas: Schemas;
};

/** One kind of request, translated to and from the canonical types. Pure: it knows neither Hono nor Node. */
export type Dialect<Body> = {
  /** Stands in the log and the metrics. */
  name: string;
  /** Where it is posted to. Below `/v1` the usual slips of base URLs are served, too. */
  path: string;
  /** What the API accepts as a request body. */
  body: z.ZodType<Body>;
  toRunRequest(body: Body, caller: Caller): TranslatedRequest;
  /** The whole answer's JSON body. */
  toAnswer(answer: RunAnswer, exchange: Exchange<Body>): object;
  /** The streamed answer, message by message; a failure of the run is thrown through. */
  toMessages(events: AsyncIterable<RunEvent>, exchange: Exchange<Body>): AsyncIterable<SseMessage>;
  /** For requests that want several answers. Default: each wants one. */
  several?: Several<Body>;
  failures: Failures;
  /** What the API calls the parameters that a model may refuse. */
  paramNames: Readonly<Record<DroppableParam, string>>;
  /** Streams one JSON text per line: to whoever accepts `application/x-ndjson`, or always. Default: never. */
  lines?: 'offered' | 'always';
};

/** Several answers to one request, each a run of its own. */
export type Several<Body> = {
  /** How many a request wants. */
  count(body: Body): number;
  toAnswer(answers: readonly RunAnswer[], exchange: Exchange<Body>): object;
  toMessages(
    runs: readonly AsyncIterable<RunEvent>[],
    exchange: Exchange<Body>,
  ): AsyncIterable<SseMessage>;
};

/** A route that is answered without a run. */
export type CatalogueRoute<Body> = {
  method: 'GET' | 'POST' | 'DELETE';
  path: string;
  /** What a POST takes. Default: nothing is read. */
  body?: z.ZodType<Body>;
  /** The answer's JSON body. Throws `RunError` for what cannot be done. */
  answer(readModels: ReadCatalogue, body: Body): object | Promise<object>;
};

/** The models that the caller's key may use. Throws `RunError` when the CLI does not tell. */
type ReadCatalogue = () => Promise<readonly CatalogueModel[]>;

/** A model by its full id, or by a name that the operator gave it. */
export type CatalogueModel = { name: string; otherNames: readonly string[]; displayName: string };

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
export type SseMessage = { id?: string; event?: string; data: string };

/** How an API says that something went wrong. */
export type Failures = {
  toFailure(error: RunError, requestId: string): Failure;
  /** The same inside a stream that has begun. */
  toFailureMessage(error: RunError, requestId: string): SseMessage;
  /** How far a key is from its limits, in the headers that the API's clients read. */
  toLimitHeaders(kind: string, allowance: Allowance): Record<string, string>;
  /** What `toFailure` makes, and its name in the OpenAPI document. */
  schema: { name: string; type: z.ZodType };
};

/** What a key may still use of one kind, and when it may use all of it again. */
export type Allowance = { limit: number; remaining: number; msLeft: number };

type Failure = { status: number; body: object };
