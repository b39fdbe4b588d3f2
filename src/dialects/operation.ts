import type { RunErrorCode } from '../run-error.ts';
import type { AnswerName, BodyName } from '../openapi/schemas.ts';

/** One route, as the document tells it. */
export type Operation = {
  /** Names the operation for code generators. */
  id: string;
  method: 'get' | 'post' | 'put' | 'delete';
  /** As OpenAPI writes paths: `/v1/models/{id}`. */
  path: string;
  tag: Tag;
  summary: string;
  description?: string;
  /** Parameters of the query → what each does. */
  query?: Readonly<Record<string, string>>;
  body?: { schema: BodyName; example: object };
  answer: AnswerName | OtherAnswer;
  /** What each `data:` of a streamed answer holds. */
  events?: AnswerName;
  /** In whose words failures are told. */
  failures: FailureName;
  codes: readonly RunErrorCode[];
  /** Answers whoever asks. */
  isOpen?: true;
};

/** An answer that is not JSON. */
type OtherAnswer = { status: number; description: string; contentType?: string };

export type FailureName = Extract<AnswerName, `${string}Failure`>;

type Tag = 'OpenAI' | 'Anthropic' | 'Agents' | 'Server';

/** What any request with a key may meet. */
export const ANY = ['unauthenticated', 'timeout', 'loop', 'internal'] as const;

/** What a request with a body may meet beside. */
export const WITH_BODY = [...ANY, 'invalid-request', 'request-too-large'] as const;

/** What a request that runs the CLI may meet. */
export const WITH_RUN = [
  ...WITH_BODY,
  'model-not-found',
  'context-overflow',
  'forbidden',
  'queue-full',
  'queue-timeout',
  'rate-limited',
  'overloaded',
  'not-logged-in',
  'upstream-failed',
  'cli-failed',
  'start-timeout',
  'first-byte-timeout',
  'silence-timeout',
  'shutting-down',
] as const;
