import { z } from 'zod';

import type { RunError, RunErrorCode } from '../../run-error.ts';
import type { Allowance, Failures } from '../dialect.ts';

/** https://docs.claude.com/en/api/errors */
const FAILURES = {
  'invalid-request': { status: 400, type: 'invalid_request_error' },
  unauthenticated: { status: 401, type: 'authentication_error' },
  forbidden: { status: 403, type: 'permission_error' },
  conflict: { status: 409, type: 'invalid_request_error' },
  'not-found': { status: 404, type: 'not_found_error' },
  'method-not-allowed': { status: 405, type: 'invalid_request_error' },
  'model-not-found': { status: 404, type: 'not_found_error' },
  'request-too-large': { status: 413, type: 'request_too_large' },
  'context-overflow': { status: 400, type: 'invalid_request_error' },
  'queue-full': { status: 429, type: 'rate_limit_error' },
  'queue-timeout': { status: 503, type: 'api_error' },
  'rate-limited': { status: 429, type: 'rate_limit_error' },
  overloaded: { status: 529, type: 'overloaded_error' },
  'not-logged-in': { status: 401, type: 'authentication_error' },
  timeout: { status: 504, type: 'timeout_error' },
  'start-timeout': { status: 504, type: 'timeout_error' },
  'first-byte-timeout': { status: 504, type: 'timeout_error' },
  'silence-timeout': { status: 504, type: 'timeout_error' },
  'upstream-failed': { status: 500, type: 'api_error' },
  'cli-failed': { status: 503, type: 'api_error' },
  'storage-failed': { status: 503, type: 'api_error' },
  loop: { status: 508, type: 'invalid_request_error' },
  'shutting-down': { status: 503, type: 'api_error' },
  cancelled: { status: 499, type: 'invalid_request_error' },
  internal: { status: 500, type: 'api_error' },
} satisfies Record<RunErrorCode, { status: number; type: string }>;

/** A failure in the words of Anthropic. */
export const AnthropicFailure = z.object({
  type: z.literal('error'),
  error: z.object({
    type: z.string(),
    message: z.string(),
    details: z.record(z.string(), z.unknown()).optional(),
  }),
  request_id: z.string(),
});

/** Failures as the Messages API words them. */
export const anthropicFailures: Failures = {
  toFailure: (error, requestId) => ({
    status: FAILURES[error.code].status,
    body: toBody(error, requestId),
  }),
  toFailureMessage: (error, requestId) => ({
    event: 'error',
    data: JSON.stringify(toBody(error, requestId)),
  }),
  toLimitHeaders,
  schema: { name: 'AnthropicFailure', type: AnthropicFailure },
};

/** https://docs.claude.com/en/api/rate-limits#response-headers */
function toLimitHeaders(kind: string, { limit, remaining, msLeft }: Allowance) {
  return {
    [`anthropic-ratelimit-${kind}-limit`]: String(limit),
    [`anthropic-ratelimit-${kind}-remaining`]: String(remaining),
    [`anthropic-ratelimit-${kind}-reset`]: new Date(Date.now() + msLeft).toISOString(),
  };
}

function toBody(error: RunError, requestId: string) {
  return {
    type: 'error',
    error: {
      type: FAILURES[error.code].type,
      message: toSentence(error),
      ...(error.details && { details: error.details }),
    },
    request_id: requestId,
  };
}

/** The API has no field for the name of a field: its messages begin with it. */
function toSentence({ code, message, param }: RunError) {
  const field = code === 'invalid-request' ? param : code === 'model-not-found' && 'model';
  return !field || message.startsWith(`${field}: `) ? message : `${field}: ${message}`;
}
