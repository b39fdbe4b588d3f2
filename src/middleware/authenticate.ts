import { createHash, timingSafeEqual } from 'node:crypto';

import { createMiddleware } from 'hono/factory';

import { RunError } from '../run-error.ts';
import type { AppEnv } from './variables.ts';

const BEARER = /^Bearer\s+(?<token>.+)$/i;

/**
 * Names the caller by the key in `Authorization: Bearer` or `x-api-key`, either of them on every
 * route. Throws `RunError` `unauthenticated`.
 */
export function authenticate(key: string) {
  const expected = digest(key);

  return createMiddleware<AppEnv>(async (c, next) => {
    const given =
      BEARER.exec(c.req.header('authorization') ?? '')?.groups?.['token'] ??
      c.req.header('x-api-key');
    if (given === undefined) {
      throw new RunError(
        'unauthenticated',
        'This server wants its key, as `Authorization: Bearer KEY` or `x-api-key: KEY`.',
      );
    }
    if (!timingSafeEqual(digest(given.trim()), expected)) {
      throw new RunError('unauthenticated', 'The key is not the key of this server.');
    }
    c.set('caller', { keyId: 'default', user: undefined, requestId: c.var.requestId });
    await next();
  });
}

/** Digests have one length, so that comparing them tells nothing about the key. */
function digest(text: string) {
  return createHash('sha256').update(text).digest();
}
