import type { Context, Hono } from 'hono';
import { methodNotAllowed } from 'hono/method-not-allowed';

import type { AppEnv } from '../http/variables.ts';
import { RunError } from '../run-error.ts';
import { chooseFailures } from './choose-failures.ts';
import { respondFailure } from './respond-failure.ts';

/** Answers what no route takes with a 404. */
export function noRoute(c: Context<AppEnv>): Response {
  const { method, path } = c.req;
  return refuse(c, new RunError('not-found', `There is no ${method} ${path} here.`));
}

/** Makes the 404 a 405 with `Allow` where a route of the app takes another method. */
export function refuseOtherMethods(app: Hono<AppEnv>) {
  return methodNotAllowed({
    app,
    onMethodNotAllowed(c, allowed) {
      const { method, path } = c.req;
      c.header('allow', allowed.join(', '));
      const sentence = `${path} takes ${allowed.join(' or ')}, not ${method}.`;
      return refuse(c, new RunError('method-not-allowed', sentence));
    },
  });
}

function refuse(c: Context<AppEnv>, error: RunError) {
  c.set('failure', error);
  return respondFailure(c, error, chooseFailures(c));
}
