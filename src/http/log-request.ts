import type { Context } from 'hono';
import { createMiddleware } from 'hono/factory';
import type { Logger } from 'pino';

import { toRunLine } from '../observation/to-run-line.ts';
import type { RunObserver, RunRecord } from '../observation/run-record.ts';
import type { RunError } from '../run-error.ts';
import type { AppEnv } from './variables.ts';

/** The part of pino's logger that is used. */
export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error' | 'child'>;

export type RequestLog = {
  handler: ReturnType<typeof createMiddleware<AppEnv>>;
  /** Adds the run to its request's line. */
  observer: RunObserver;
};

/** Asked again and again by machines and by the dashboard: their lines would hide the others. */
export const QUIET_PATHS = /^\/(health|api\/hello|ready|metrics|dashboard\/.*|assets\/.*)$/;

const LONGEST_TEXT = 500;

/**
 * One line per request, when its answer has ended: id, key, path, status, milliseconds, what became of
 * its run, and what failed. Never prompts, answers or keys. Hands the routes a log that names the
 * request in every line. A run without a request of its own (in the background, over a WebSocket) has
 * its line when it ends.
 */
export function createRequestLog(log: Log): RequestLog {
  /** The run of each request whose line is not written yet. */
  const open = new Map<string, Readonly<RunRecord> | undefined>();

  const handler = createMiddleware<AppEnv>(async (c, next) => {
    const requestId = c.get('requestId');
    const requestLog = log.child({ requestId });
    c.set('log', requestLog);
    open.set(requestId, undefined);
    await next();
    c.get('whenAnswered')(() => {
      writeLine(c, requestLog, open.get(requestId));
      open.delete(requestId);
    });
  });

  return {
    handler,
    observer: {
      started: (record) => void (open.has(record.id) && open.set(record.id, record)),
      ended(record) {
        if (!open.has(record.id)) writeRun(log, record);
      },
    },
  };
}

function writeLine(c: Context<AppEnv>, log: AppEnv['Variables']['log'], record?: RunRecord) {
  const { failure, caller, key, elapsedMs } = c.var;
  const { status } = c.res;
  const line = {
    key: caller?.keyId,
    keyName: key?.name,
    method: c.req.method,
    path: cut(c.req.path),
    status,
    ms: elapsedMs(),
    ...(record && toRunLine(record)),
    ...(failure && { code: failure.code, failure: cut(failure.message) }),
  };
  if (status >= 500) log.error({ ...line, ...toCause(failure) }, 'request failed');
  // The headers promised an answer that did not come.
  else if (failure && status < 400) log.warn({ ...line, ...toCause(failure) }, 'request failed');
  else if (QUIET_PATHS.test(c.req.path)) log.debug(line, 'request');
  else log.info(line, 'request');
}

function writeRun(log: Log, record: Readonly<RunRecord>) {
  const { id: requestId, keyId: key, failure } = record;
  const line = { requestId, key, ...toRunLine(record) };
  if (!failure) log.info(line, 'run');
  else log.warn({ ...line, failure: cut(failure.message), ...toCause(failure) }, 'run failed');
}

/** Why it failed, for the log. Only under pino's own name `err` does an error show its stack, and lose what is secret. */
export function toCause(failure: RunError | undefined): object {
  if (failure?.cause === undefined) return {};
  return failure.cause instanceof Error ? { err: failure.cause } : { cause: failure.cause };
}

/** What a caller sent may stand in it. */
function cut(text: string) {
  return text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT)}…`;
}
