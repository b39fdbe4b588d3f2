import type { Context } from 'hono';

import type { Dialect } from '../dialects/dialect.ts';
import type { Validated } from '../middleware/validate.ts';
import type { AppEnv } from '../middleware/variables.ts';
import { collectRun } from '../run-answer.ts';
import type { Run, RunStart } from '../run.ts';
import { openRun } from './open-run.ts';
import { streamMessages } from './stream-messages.ts';

/** Until here a failure is still a status code; later the headers go out and wait with the caller. */
const PATIENCE_MS = 20_000;

/** The handler of a route that answers in a dialect, whole or streamed. */
export function runDialect<Body>(dialect: Dialect<Body>, run: Run) {
  return async (c: Context<AppEnv, string, Validated<Body>>): Promise<Response> => {
    const body: Body = c.req.valid('json');
    const { requestId, arrivedAtMs, signal, caller } = c.var;
    const { request, isStream, ignored } = dialect.toRunRequest(body, caller);
    const exchange = { body, request, requestId, arrivedAtMs };

    if (!isStream) {
      const answer = await collectRun(run(request, signal));
      nameIgnored(c, dialect, ignored, answer.start);
      return c.json(dialect.toAnswer(answer, exchange));
    }
    const patienceMs = arrivedAtMs + PATIENCE_MS - Date.now();
    const { start, events } = await openRun(run(request, signal), patienceMs);
    nameIgnored(c, dialect, ignored, start);
    return streamMessages(c, dialect, dialect.toMessages(events, exchange));
  };
}

/** What was asked for and is not done never goes unsaid. */
function nameIgnored(
  c: Context,
  { paramNames }: Pick<Dialect<never>, 'paramNames'>,
  ignored: readonly string[],
  start: RunStart | undefined,
) {
  const dropped = (start?.dropped ?? []).map((name) => paramNames[name]);
  const names = new Set([...ignored, ...dropped]);
  if (names.size > 0) c.header('x-ignored-params', [...names].join(', '));
}
