import type { Context } from 'hono';

import type { Dialect } from '../dialects/dialect.ts';
import { countIfRefused } from '../http/count-if-refused.ts';
import type { Validated } from '../http/body/validate.ts';
import type { AppEnv } from '../http/variables.ts';
import { collectRun } from '../run-answer.ts';
import type { Run } from '../run.ts';
import { answerSeveral } from './answer-several.ts';
import { nameIgnored } from './name-ignored.ts';
import { openRun } from './open-run.ts';
import { releaseWhenAborted } from './release-when-aborted.ts';
import { streamMessages } from './stream-messages.ts';

/** The handler of a route that answers in a dialect, whole or streamed. */
export function runDialect<Body>(dialect: Dialect<Body>, run: Run) {
  return async (c: Context<AppEnv, string, Validated<Body>>): Promise<Response> => {
    const body: Body = c.req.valid('json');
    const { requestId, arrivedAtMs, elapsedMs, signal, caller, countRefused } = c.var;
    const translate = () => dialect.toRunRequest(body, caller);
    const { request, isStream, ignored } = await countIfRefused({ countRefused }, translate);
    const exchange = { body, request, requestId, arrivedAtMs };

    const { several } = dialect;
    const count = several?.count(body) ?? 1;
    if (several && count > 1) {
      const asked = { exchange, isStream, ignored, run, count };
      return answerSeveral(c, { ...dialect, several }, asked);
    }
    if (!isStream) {
      const answer = await collectRun(run({ ...request, isWhole: true }, signal));
      nameIgnored(c, dialect, ignored, answer.start);
      return c.json(dialect.toAnswer(answer, exchange));
    }
    const { start, events } = await openRun(run(request, signal), elapsedMs());
    nameIgnored(c, dialect, ignored, start);
    const messages = dialect.toMessages(events, exchange);
    return streamMessages(c, dialect, releaseWhenAborted(messages, signal));
  };
}
