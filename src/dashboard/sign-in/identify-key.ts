import { Hono, type MiddlewareHandler } from 'hono';

import { identifyRequest } from '../../http/identify-request.ts';
import { requireAdmin } from '../../http/require-scope.ts';
import type { AppEnv } from '../../http/variables.ts';
import type { RunError } from '../../run-error.ts';
import { toRequestError } from '../../routes/respond-failure.ts';
import type { Caller } from '../../run.ts';

/** Who a key belongs to, or why it does not do for the dashboard. */
export type IdentifyKey = (key: string, environment?: unknown) => Promise<Caller | RunError>;

/** Asks the middleware that checks the keys of all other requests, so that there is one check only. */
export function createIdentifyKey(authentication: MiddlewareHandler<AppEnv>): IdentifyKey {
  return async (key, environment) => {
    let known: Caller | RunError | undefined;
    const probe = new Hono<AppEnv>();
    probe.use(identifyRequest, authentication, requireAdmin);
    probe.get('/', (c) => {
      known = c.var.caller;
      return c.body(null, 204);
    });
    probe.onError((error, c) => {
      known = toRequestError(error);
      return c.body(null, 401);
    });
    const headers = { authorization: `Bearer ${toHeaderText(key)}` };
    await probe.request('/', { headers }, environment);
    return known ?? toRequestError(new Error('The key was not checked.'));
  };
}

/** What cannot stand in a header is no key. */
function toHeaderText(key: string) {
  return /^[!-~]+$/.test(key) ? key : '-';
}
