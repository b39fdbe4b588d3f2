import type { RunErrorCode } from '../../run-error.ts';

/** The statuses of failures, where an API has none of its own. */
export const PLAIN_STATUSES = {
  'invalid-request': 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
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
