import type { Context } from 'hono';

import type { Dialect } from '../dialects/dialect.ts';
import type { Validated } from '../middleware/validate.ts';
import type { AppEnv } from '../middleware/variables.ts';
import { collectRun } from '../run-answer.ts';
import type { Run } from '../run.ts';
import { streamAnswer } from './stream-answer.ts';

/** The handler of a route that answers in a dialect, whole or streamed. */
export function runDialect<Body>(dialect: Dialect<Body>, run: Run) {
  return async (c: Context<AppEnv, string, Validated<Body>>): Promise<Response> => {
    const body: Body = c.req.valid('json');
    const { requestId, arrivedAtMs, signal, caller } = c.var;
    const { request, isStream, ignored } = dialect.toRunRequest(body, caller);
    if (ignored.length > 0) c.header('x-ignored-params', ignored.join(', '));
    const exchange = { body, request, requestId, arrivedAtMs };
    const events = run(request, signal);
    return isStream
      ? streamAnswer(c, dialect, exchange, events)
      : c.json(dialect.toAnswer(await collectRun(events), exchange));
  };
}
