import { bodyLimit } from 'hono/body-limit';
import { createMiddleware } from 'hono/factory';

import { RunError } from '../run-error.ts';

/**
 * Refuses a body over `maxBytes`. A length that was announced is held by the HTTP server itself; only a
 * body without one is counted, since that takes a stream and a second request for each, 15 KB while it
 * waits.
 */
export function limitBody(maxBytes: number) {
  const count = bodyLimit({ maxSize: maxBytes, onError: refuse });
  return createMiddleware(async (c, next) => {
    const length = c.req.header('content-length');
    if (length === undefined || c.req.header('transfer-encoding') !== undefined) {
      return count(c, next);
    }
    if (Number(length) > maxBytes) refuse();
    await next();
    return undefined;
  });
}

function refuse(): never {
  throw new RunError(
    'request-too-large',
    'The request body is larger than this server takes (MAX_BODY_BYTES).',
  );
}
