import { z } from 'zod';

import type { RunError, RunErrorCode } from '../../run-error.ts';
import type { Failures } from '../dialect.ts';
import { toOpenaiLimitHeaders } from '../shared/openai-failures.ts';

const STATUSES = {
  'invalid-request': 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  'method-not-allowed': 405,
  'model-not-found': 404,
  'request-too-large': 413,
  'context-overflow': 400,
  'queue-full': 429,
  'queue-timeout': 503,
  'rate-limited': 429,
  overloaded: 529,
  'not-logged-in': 401,
  timeout: 504,
  'start-timeout': 504,
  'first-byte-timeout': 504,
  'silence-timeout': 504,
  'upstream-failed': 500,
  'cli-failed': 503,
  loop: 508,
  'shutting-down': 503,
  cancelled: 499,
  internal: 500,
} satisfies Record<RunErrorCode, number>;

const DirectFailure = z.object({
  error: z.object({ code: z.string(), message: z.string(), param: z.string().optional() }),
  requestId: z.string(),
});

/** Failures of this server's own API: the canonical code and its sentence. */
export const directFailures: Failures = {
  toFailure: (error, requestId) => ({
    status: STATUSES[error.code],
    body: toBody(error, requestId),
  }),
  toFailureMessage: (error, requestId) => ({
    event: 'error',
    data: JSON.stringify({ type: 'error', ...toBody(error, requestId) }),
  }),
  toLimitHeaders: toOpenaiLimitHeaders,
  schema: { name: 'DirectFailure', type: DirectFailure },
};

function toBody({ code, message, param }: RunError, requestId: string) {
  return { error: { code, message, ...(param !== undefined && { param }) }, requestId };
}
