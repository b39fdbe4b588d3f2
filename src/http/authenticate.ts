import type { Context } from 'hono';
import { createMiddleware } from 'hono/factory';

import type { KeyBook } from '../keys/key-book.ts';
import { RunError } from '../run-error.ts';
import { isLocal, readAddress } from './is-local.ts';
import { createGuessBrake } from './slow-guesses.ts';
import type { AppEnv } from './variables.ts';

const BEARER = /^Bearer\s+(?<token>.+)$/i;

export type AuthenticateOptions = {
  /** The key that stands for local clients of an API whose clients cannot send one. Default: none. */
  ollamaKey?: string | undefined;
};

/**
 * Names the caller by the key in `Authorization: Bearer` or `x-api-key`, either of them on every
 * route. Throws `RunError` `unauthenticated`, to who guesses later and later; a right key is never made
 * to wait.
 */
export function authenticate(keys: KeyBook, { ollamaKey }: AuthenticateOptions = {}) {
  const brake = createGuessBrake();

  return createMiddleware<AppEnv>(async (c, next) => {
    const given = readKeys(c);
    const isStoodFor = given.length === 0 && c.get('api')?.sendsNoKey && isLocal(c);
    if (given.length === 0 && !(isStoodFor && ollamaKey)) {
      throw new RunError(
        'unauthenticated',
        'This server wants its key, as `Authorization: Bearer KEY` or `x-api-key: KEY`.',
      );
    }
    const find = () => (isStoodFor && ollamaKey ? keys.named(ollamaKey) : keys.find(given));
    const key = await find();
    if (!key) {
      await brake(readAddress(c), c.req.raw.signal);
      throw new RunError('unauthenticated', 'The key is not a key of this server.');
    }
    c.set('key', key);
    c.set('isKeyValid', async () => (await find()) !== undefined);
    c.set('caller', { keyId: key.id, user: undefined, requestId: c.get('requestId') });
    await next();
  });
}

/** A client may send both headers, one of them with a key that is meant for somebody else. */
function readKeys(c: Context) {
  const bearer = BEARER.exec(c.req.header('authorization') ?? '')?.groups?.['token'];
  return [bearer, c.req.header('x-api-key')].filter((key) => key !== undefined);
}
