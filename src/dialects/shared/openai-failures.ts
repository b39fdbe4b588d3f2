import { z } from 'zod';

import type { RunError, RunErrorCode } from '../../run-error.ts';
import type { Allowance, Failures } from '../dialect.ts';

type Row = { status: number; type: string; code: string | null };

/** https://platform.openai.com/docs/guides/error-codes */
const FAILURES = {
  'invalid-request': { status: 400, type: 'invalid_request_error', code: null },
  unauthenticated: { status: 401, type: 'invalid_request_error', code: 'invalid_api_key' },
  forbidden: { status: 403, type: 'invalid_request_error', code: 'permission_denied' },
  'not-found': { status: 404, type: 'invalid_request_error', code: 'not_found' },
  'method-not-allowed': { status: 405, type: 'invalid_request_error', code: 'method_not_allowed' },
  'model-not-found': { status: 404, type: 'invalid_request_error', code: 'model_not_found' },
  'request-too-large': { status: 413, type: 'invalid_request_error', code: 'request_too_large' },
  conflict: { status: 409, type: 'invalid_request_error', code: 'conflict' },
  'context-overflow': {
    status: 400,
    type: 'invalid_request_error',
    code: 'context_length_exceeded',
  },
  'queue-full': { status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded' },
  'queue-timeout': { status: 503, type: 'server_error', code: 'queue_timeout' },
  'rate-limited': { status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded' },
  overloaded: { status: 503, type: 'server_error', code: 'overloaded' },
  'not-logged-in': { status: 401, type: 'invalid_request_error', code: 'cli_not_logged_in' },
  timeout: { status: 504, type: 'server_error', code: 'timeout' },
  'start-timeout': { status: 504, type: 'server_error', code: 'start_timeout' },
  'first-byte-timeout': { status: 504, type: 'server_error', code: 'first_byte_timeout' },
  'silence-timeout': { status: 504, type: 'server_error', code: 'silence_timeout' },
  'upstream-failed': { status: 500, type: 'server_error', code: 'upstream_error' },
  'cli-failed': { status: 503, type: 'server_error', code: 'cli_failed' },
  'storage-failed': { status: 503, type: 'server_error', code: 'storage_failed' },
  loop: { status: 508, type: 'invalid_request_error', code: 'loop_detected' },
  'shutting-down': { status: 503, type: 'server_error', code: 'shutting_down' },
  cancelled: { status: 499, type: 'invalid_request_error', code: 'cancelled' },
  internal: { status: 500, type: 'server_error', code: 'internal_error' },
} satisfies Record<RunErrorCode, Row>;

const OpenaiFailure = z.object({
  error: z.object({
    message: z.string(),
    type: z.string(),
    param: z.string().nullable(),
    code: z.string().nullable(),
  }),
});

/** Failures as every OpenAI API words them. */
export const openaiFailures: Failures = {
  toFailure: (error) => ({
    status: FAILURES[error.code].status,
    body: { error: toOpenaiError(error) },
  }),
  toFailureMessage: (error) => ({ data: JSON.stringify({ error: toOpenaiError(error) }) }),
  toLimitHeaders: toOpenaiLimitHeaders,
  schema: { name: 'OpenaiFailure', type: OpenaiFailure },
};

/** The `error` of every OpenAI API. A failure may bring a `code` that says more than the table. */
export function toOpenaiError(error: RunError) {
  const { type, code: usual } = FAILURES[error.code];
  const { code = usual } = error.details ?? {};
  return { message: toSentence(error), type, param: toParam(error), code };
}

function toParam({ code, param }: RunError) {
  return param ?? (code === 'model-not-found' ? 'model' : null);
}

/** LangChain recognises an overflow by these words. */
function toSentence({ code, message }: RunError) {
  if (code !== 'context-overflow') return message;
  return `This model's maximum context length is exceeded: ${message}`;
}

/** https://platform.openai.com/docs/guides/rate-limits#rate-limits-in-headers */
export function toOpenaiLimitHeaders(kind: string, { limit, remaining, msLeft }: Allowance) {
  return {
    [`x-ratelimit-limit-${kind}`]: String(limit),
    [`x-ratelimit-remaining-${kind}`]: String(remaining),
    [`x-ratelimit-reset-${kind}`]: toDuration(Math.ceil(msLeft / 1000)),
  };
}

/** `1h2m3s`, as OpenAI writes it. */
function toDuration(seconds: number) {
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const units = [
    [hours, 'h'],
    [minutes, 'm'],
  ] as const;
  const larger = units.map(([count, unit]) => (count > 0 ? `${count}${unit}` : '')).join('');
  return `${larger}${seconds % 60}s`;
}
