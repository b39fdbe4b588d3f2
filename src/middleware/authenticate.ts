import { createHash, timingSafeEqual } from 'node:crypto';

import type { Context } from 'hono';
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
    const given = readKeys(c);
    if (given.length === 0) {
      throw new RunError(
        'unauthenticated',
        'This server wants its key, as `Authorization: Bearer KEY` or `x-api-key: KEY`.',
      );
    }
    if (!given.some((one) => timingSafeEqual(digest(one), expected))) {
      throw new RunError('unauthenticated', 'The key is not the key of this server.');
    }
    c.set('caller', { keyId: 'default', user: undefined, requestId: c.var.requestId });
    await next();
  });
}

/** A client may send both headers, one of them with a key that is meant for somebody else. */
function readKeys(c: Context) {
  const bearer = BEARER.exec(c.req.header('authorization') ?? '')?.groups?.['token'];
  return [bearer, c.req.header('x-api-key')].filter((key) => key !== undefined);
}

/** Digests have one length, so that comparing them tells nothing about the key. */
function digest(text: string) {
  return createHash('sha256').update(text).digest();
}
