import { createMiddleware } from 'hono/factory';
import { routePath } from 'hono/route';

import type { Tracing } from '../tracing/tracing.ts';
import { QUIET_PATHS } from './log-request.ts';
import type { AppEnv } from './variables.ts';

/**
 * A span for each request, below the one of the caller's `traceparent` if it sends one, until its answer has ended.
 * Without tracing it does nothing.
 */
export function traceRequest(tracing: Tracing | undefined) {
  return createMiddleware<AppEnv>(async (c, next) => {
    if (!tracing || QUIET_PATHS.test(c.req.path)) return next();
    const { method } = c.req;
    const span = tracing.open({
      name: method,
      kind: 'server',
      parent: toParent(c.req.header('traceparent'), c.req.header('tracestate')),
      attributes: {
        'http.request.method': method,
        'url.scheme': new URL(c.req.url).protocol.replace(':', ''),
        'url.path': c.req.path,
        'claude_proxy.request_id': c.get('requestId'),
      },
    });
    c.set('trace', span.context);
    await next();
    const { status } = c.res;
    const route = routePath(c, -1);
    if (route !== NO_ROUTE) span.rename(`${method} ${route}`);
    span.set({ 'http.route': route, 'http.response.status_code': status });
    c.get('whenAnswered')(() => span.end(toFailure(status, c.get('failure')?.code)));
  });
}

/** What the middlewares match, and nothing behind them. */
const NO_ROUTE = '/*';

/** What a caller does wrong is no failure of the server; a stream that breaks is one, whatever its status. */
function toFailure(status: number, code: string | undefined) {
  if (status >= 500) return code ?? String(status);
  return status < 400 && code !== 'cancelled' ? code : undefined;
}

function toParent(traceparent: string | undefined, tracestate: string | undefined) {
  if (traceparent === undefined) return undefined;
  return { traceparent, ...(tracestate !== undefined && { tracestate }) };
}
