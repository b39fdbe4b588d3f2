import type { Context, Hono } from 'hono';

import type { AppEnv } from '../http/variables.ts';
import { RunError } from '../run-error.ts';
import { chooseFailures } from './choose-failures.ts';
import { respondFailure } from './respond-failure.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'DELETE'];

/** Answers what no route takes: 405 with `Allow` where another method would do, else 404. */
export function noRoute(app: Hono<AppEnv>) {
  return (c: Context<AppEnv>): Response => {
    const { method, path } = c.req;
    const allowed = METHODS.filter((other) => hasRoute(app, other, path));
    if (allowed.length > 0) c.header('allow', allowed.join(', '));
    const error =
      allowed.length > 0
        ? new RunError(
            'method-not-allowed',
            `${path} takes ${allowed.join(' or ')}, not ${method}.`,
          )
        : new RunError('not-found', `There is no ${method} ${path} here.`);
    c.set('failure', error);
    return respondFailure(c, error, chooseFailures(c));
  };
}

/** Hono serves HEAD by the route of GET. Middleware stands in the router as a route for all methods, so it does not count. */
function hasRoute(app: Hono<AppEnv>, method: string, path: string) {
  const served = method === 'HEAD' ? 'GET' : method;
  const [handlers] = app.router.match(served, path);
  return handlers.some(([[, route]]) => route.method === served);
}
