import type { Context } from 'hono';
import { createMiddleware } from 'hono/factory';

import { RunError } from '../run-error.ts';
import { readHost } from './read-host.ts';

/**
 * Refuses what web pages of other origins send, allowed ones (`*`: all) excepted: browsers send many
 * requests without asking first, and only keep the answer from the page. Throws `RunError` `forbidden`.
 * Programs send no `Origin`.
 */
export function checkOrigin(allowed: readonly string[]) {
  return createMiddleware(async (c, next) => {
    const origin = c.req.header('origin');
    const isFine =
      origin === undefined ||
      allowed.includes('*') ||
      allowed.includes(origin) ||
      isOwnOrigin(c, origin);
    if (!isFine) {
      throw new RunError(
        'forbidden',
        `Pages of ${origin.slice(0, 80)} may not call this server; its operator can add the origin to CORS_ORIGINS.`,
      );
    }
    await next();
  });
}

/** Whether a page of this server sends it. */
export function isOwnOrigin(c: Context, origin: string): boolean {
  return URL.parse(origin)?.host === readHost(c).host;
}
