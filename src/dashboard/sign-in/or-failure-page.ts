import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';

import type { AppEnv } from '../../http/variables.ts';
import { chooseFailures } from '../../routes/choose-failures.ts';
import { respondFailure, toRequestError } from '../../routes/respond-failure.ts';
import { failurePage } from './failure-page.ts';

type PageHandler = (c: Context<AppEnv>) => Promise<Response>;

/** Tells a browser in a page what went wrong, with the status and headers that callers of the API get with JSON. */
export function orFailurePage(handle: PageHandler): PageHandler {
  return async (c) => {
    try {
      return await handle(c);
    } catch (error) {
      const failure = toRequestError(error);
      c.set('failure', failure);
      const { status } = respondFailure(c, failure, chooseFailures(c));
      return c.html(failurePage(failure.message), status as ContentfulStatusCode); // it had a body there, too
    }
  };
}
