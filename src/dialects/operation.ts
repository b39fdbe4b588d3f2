import type { z } from 'zod';

import type { RunErrorCode } from '../run-error.ts';
import type { Failures } from './dialect.ts';

/** Schemas by their names in the document: bodies of requests, and of answers. */
export type Schemas = { bodies: Table; answers: Table };

type Table = Readonly<Record<string, z.ZodType>>;

/** One route, as the document tells it. */
export type Operation<BodyName extends string = string, AnswerName extends string = string> = {
  /** Names the operation for code generators. */
  id: string;
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** As OpenAPI writes paths: `/v1/models/{id}`. */
  path: string;
  tag: Tag;
  summary: string;
  description?: string;
  /** Parameters of the query → what each does. */
  query?: Readonly<Record<string, string>>;
  body?: { schema: BodyName; example: object };
  /** The fields of a form (`multipart/form-data`) → what each is; `file` is a file. */
  form?: Readonly<Record<string, string>>;
  answer: AnswerName | OtherAnswer;
  /** The status of an answer in JSON. Default: 200. */
  status?: 202;
  /** What a 202 holds where the body can ask for one. */
  accepted?: AnswerName;
  /** What each message of a streamed answer holds. */
  events?: AnswerName;
  /** As the dialect's own: whether a stream is, or may be, one JSON text per line. */
  lines?: 'offered' | 'always';
  /** In whose words failures are told. */
  failures: Failures;
  codes: readonly RunErrorCode[];
  /** Answers whoever asks. */
  isOpen?: true;
};

/** A route whose bodies are named as these schemas are. */
export type OperationOf<Some extends Schemas> = Operation<
  keyof Some['bodies'] & string,
  keyof Some['answers'] & string
>;

/** An answer that is not JSON. */
type OtherAnswer = { status: number; description: string; contentType?: string };

/** Under which heading of the document a route stands. */
export type Tag = { name: string; description: string };

/** What any request with a key may meet. */
export const ANY = ['unauthenticated', 'timeout', 'storage-failed', 'loop', 'internal'] as const;

/** What a request with a body may meet beside. */
export const WITH_BODY = [
  ...ANY,
  'invalid-request',
  'request-too-large',
  'rate-limited',
  'overloaded',
] as const;

/** What a request that runs the CLI may meet. */
export const WITH_RUN = [
  ...WITH_BODY,
  'model-not-found',
  'context-overflow',
  'forbidden',
  'queue-full',
  'queue-timeout',
  'not-logged-in',
  'upstream-failed',
  'cli-failed',
  'start-timeout',
  'first-byte-timeout',
  'silence-timeout',
  'shutting-down',
] as const;
