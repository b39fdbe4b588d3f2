import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';

import type { Failures } from '../dialects/dialect.ts';
import type { AppEnv } from '../http/variables.ts';
import { RunError, type RunErrorCode, toRunError } from '../run-error.ts';

/** Trying again soon cannot help; the OpenAI and Anthropic clients heed `x-should-retry`. */
const POINTLESS_TO_RETRY: ReadonlySet<RunErrorCode> = new Set(['not-logged-in', 'timeout', 'loop']);

/** Clients ignore or misread longer waits. https://github.com/openai/openai-node reads up to 60 s. */
const LONGEST_RETRY_AFTER_SECONDS = 60;

/** Answers with the failure as the dialect words it. */
export function respondFailure(c: Context<AppEnv>, error: RunError, failures: Failures): Response {
  const { status, body } = failures.toFailure(error, c.var.requestId);
  if (error.retryAfterSeconds !== undefined) {
    c.header('retry-after', String(Math.max(1, Math.ceil(error.retryAfterSeconds))));
  }
  if (isPointlessToRetry(error)) c.header('x-should-retry', 'false');
  return c.json(body, status as ContentfulStatusCode); // the dialects' tables hold no status without a body
}

/** A rate limit that tells no end lasts for hours. */
function isPointlessToRetry({ code, retryAfterSeconds }: RunError) {
  if (code === 'rate-limited' && retryAfterSeconds === undefined) return true;
  return POINTLESS_TO_RETRY.has(code) || (retryAfterSeconds ?? 0) > LONGEST_RETRY_AFTER_SECONDS;
}

/** Whatever was thrown, Hono's own complaints about a request included, as the one error that callers may see. */
export function toRequestError(error: unknown): RunError {
  if (!(error instanceof HTTPException)) return toRunError(error);
  const code = error.status === 413 ? 'request-too-large' : 'invalid-request';
  return new RunError(code, error.message || 'The request cannot be read.', { cause: error });
}
