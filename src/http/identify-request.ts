import { randomUUID } from 'node:crypto';

import { createMiddleware } from 'hono/factory';

import type { AppEnv } from './variables.ts';

/**
 * Names every request and says the name in the answer, in the headers that the OpenAI and the
 * Anthropic clients read. The same id stands in the log.
 */
export const identifyRequest = createMiddleware<AppEnv>(async (c, next) => {
  const requestId = createRequestId();
  c.set('requestId', requestId);
  const arrivedAt = performance.now();
  c.set('arrivedAtMs', Date.now());
  c.set('elapsedMs', () => Math.round(performance.now() - arrivedAt));
  c.header('x-request-id', requestId);
  c.header('request-id', requestId);
  await next();
});

/** A new name for a request. */
export function createRequestId(): string {
  return `req_${randomUUID().replaceAll('-', '')}`;
}
