import { createMiddleware } from 'hono/factory';
import type { Logger } from 'pino';

import type { RunError } from '../run-error.ts';
import type { AppEnv } from './variables.ts';

/** The part of pino's logger that is used. */
export type Log = Pick<Logger, 'info' | 'warn' | 'error' | 'child'>;

/**
 * One line per request, when its answer begins: id, key, path, status, milliseconds, and what failed.
 * Never prompts, answers or keys. Hands the routes a log that names the request in every line.
 */
export function logRequest(log: Log) {
  return createMiddleware<AppEnv>(async (c, next) => {
    const requestLog = log.child({ requestId: c.var.requestId });
    c.set('log', requestLog);
    await next();
    const { failure } = c.var;
    const line = {
      key: c.var.caller?.keyId,
      method: c.req.method,
      path: c.req.path,
      status: c.res.status,
      ms: Date.now() - c.var.arrivedAtMs,
      ...(failure && { code: failure.code, failure: failure.message }),
    };
    if (c.res.status < 500) requestLog.info(line, 'request');
    else requestLog.error({ ...line, ...toCause(failure) }, 'request failed');
  });
}

/** Only under pino's own name `err` does an error show its stack. */
function toCause(failure: RunError | undefined) {
  if (failure?.cause === undefined) return {};
  return failure.cause instanceof Error ? { err: failure.cause } : { cause: failure.cause };
}
