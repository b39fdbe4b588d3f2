import { createMiddleware } from 'hono/factory';
import type { Logger } from 'pino';

import type { AppEnv } from './variables.ts';

/** The part of pino's logger that is used. */
export type Log = Pick<Logger, 'info' | 'warn' | 'error'>;

/**
 * One line per request, when its answer begins: id, key, path, status, milliseconds, and what failed.
 * Never prompts, answers or keys.
 */
export function logRequest(log: Log) {
  return createMiddleware<AppEnv>(async (c, next) => {
    await next();
    const { requestId, arrivedAtMs, caller, failure } = c.var;
    const line = {
      requestId,
      key: caller?.keyId,
      method: c.req.method,
      path: c.req.path,
      status: c.res.status,
      ms: Date.now() - arrivedAtMs,
      ...(failure && { code: failure.code, failure: failure.message, cause: failure.cause }),
    };
    if (c.res.status >= 500) log.error(line, 'request failed');
    else log.info(line, 'request');
  });
}
