import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';

import { PLAN_HEADERS } from './show-plan-limits.ts';

/** What the OpenAI and Anthropic clients read of an answer, and browsers hide unless told. */
const EXPOSED = [
  'x-request-id',
  'request-id',
  'retry-after',
  'retry-after-ms',
  'x-should-retry',
  'x-ignored-params',
  ...PLAN_HEADERS,
  ...['limit', 'remaining', 'reset'].flatMap((fact) =>
    ['requests', 'tokens'].flatMap((kind) => [
      `x-ratelimit-${fact}-${kind}`,
      `anthropic-ratelimit-${kind}-${fact}`,
    ]),
  ),
];

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** How long a browser may remember a preflight, in seconds. */
const MAX_AGE_SECONDS = 600;

/**
 * Lets pages of these origins call (`*`: of all), and answers their preflights on every path, which
 * bear no key. Whatever headers a client wants to send it may.
 */
export function allowOrigins(origins: readonly string[]): MiddlewareHandler {
  return cors({
    origin: origins.includes('*') ? '*' : [...origins],
    allowMethods: METHODS,
    exposeHeaders: EXPOSED,
    maxAge: MAX_AGE_SECONDS,
  });
}
