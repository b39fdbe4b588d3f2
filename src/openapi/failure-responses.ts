import type { Failures } from '../dialects/dialect.ts';
import { RunError, type RunErrorCode } from '../run-error.ts';
import type { Operation } from '../dialects/operation.ts';
import { toRef } from './schemas.ts';

const MEANINGS = {
  'invalid-request': 'The request is wrong; the message names the field.',
  unauthenticated: 'The key is missing or wrong.',
  forbidden: 'This may not be done here, or not by this account.',
  'not-found': 'There is no such thing, or it belongs to another key.',
  conflict: 'It is not in a state for that.',
  'method-not-allowed': 'The path takes other methods; `allow` names them.',
  'model-not-found': 'There is no such model.',
  'request-too-large': 'The body is larger than MAX_BODY_BYTES.',
  'context-overflow': 'The conversation does not fit into the context of the model.',
  'queue-full': 'Too many requests wait already.',
  'queue-timeout': 'No place became free within QUEUE_TIMEOUT_MS.',
  'rate-limited':
    'A rate limit of the API, the subscription or the key; `retry-after` says how long.',
  overloaded: 'The API, or this server, has too much to do.',
  'not-logged-in': 'The CLI has no valid login.',
  timeout: 'REQUEST_TIMEOUT_MS passed.',
  'start-timeout': 'The CLI was not ready within START_TIMEOUT_MS.',
  'first-byte-timeout': 'The API did not begin its answer within FIRST_BYTE_TIMEOUT_MS.',
  'silence-timeout': 'Nothing more of the answer came for SILENCE_TIMEOUT_MS.',
  'upstream-failed': 'The API failed.',
  'cli-failed': 'The CLI could not be started, or died.',
  'storage-failed': 'The disk of the server is full, or takes nothing.',
  loop: 'The request came from a CLI that this server started.',
  'shutting-down': 'The server stops.',
  cancelled: 'The caller left.',
  internal: 'The server failed; its log says why.',
} satisfies Record<RunErrorCode, string>;

/** The failures of an operation by status, which the dialect's own table tells. */
export function toFailureResponses({ failures, codes }: Operation): Record<string, object> {
  const content = { 'application/json': { schema: toRef(failures.schema.name) } };
  const byStatus = Object.groupBy(codes, (code) => toStatus(failures, code));
  return Object.fromEntries(
    Object.entries(byStatus).map(([status, some = []]) => {
      const description = some.map((code) => MEANINGS[code]).join(' ');
      return [status, { description, content }];
    }),
  );
}

function toStatus(failures: Failures, code: RunErrorCode) {
  return failures.toFailure(new RunError(code, ''), '').status;
}
