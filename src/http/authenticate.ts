import type { Context } from 'hono';
import { createMiddleware } from 'hono/factory';

import type { ApiKey } from '../keys/api-key.ts';
import type { KeyBook } from '../keys/key-book.ts';
import { RunError } from '../run-error.ts';
import { isLocal, readAddress } from './is-local.ts';
import { createGuessBrake } from './slow-guesses.ts';
import type { AppEnv } from './variables.ts';
import { createKeyWatch, toEndedError, type WatchKey } from './watch-keys.ts';

const BEARER = /^Bearer\s+(?<token>.+)$/i;

/** For so long is a look at the keys good; most bodies are there by then. */
const FRESH_MS = 100;

export type AuthenticateOptions = {
  /** The key that stands for local clients of an API whose clients cannot send one. Default: none. */
  ollamaKey?: string | undefined;
  /** How often the keys of callers who stay are looked at, in milliseconds. Default: 500. */
  keyCheckMs?: number | undefined;
};

/**
 * Names the caller by the key in `Authorization: Bearer` or `x-api-key`, either of them on every
 * route. Throws `RunError` `unauthenticated`, to who guesses later and later; a right key is never made
 * to wait.
 */
export function authenticate(keys: KeyBook, { ollamaKey, keyCheckMs }: AuthenticateOptions = {}) {
  const brake = createGuessBrake();
  const watch = createKeyWatch(keys.readRevision, keyCheckMs);

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
    letLookAgain(c, find, watch);
    const trace = c.get('trace');
    const requestId = c.get('requestId');
    c.set('caller', { keyId: key.id, user: undefined, requestId, ...(trace && { trace }) });
    await next();
  });
}

/** For who comes with a slow body, or stays. */
function letLookAgain(
  c: Context<AppEnv>,
  find: () => Promise<ApiKey | undefined>,
  watch: WatchKey,
): void {
  const lookedAt = performance.now();
  const isKeyValid = async () => {
    if ((await c.get('isSignedIn')?.()) === false) return false;
    const found = await find();
    const scope = c.get('scope');
    return found !== undefined && (scope === undefined || found.scopes.includes(scope));
  };
  c.set('isKeyValid', isKeyValid);
  c.set('checkKeyAgain', async () => {
    if (performance.now() - lookedAt < FRESH_MS) return;
    if (!(await isKeyValid())) throw toEndedError();
  });
  c.set('watchKey', () => watch({ isKeyValid, isSignedIn: c.get('isSignedIn') !== undefined }));
}

/** A client may send both headers, one of them with a key that is meant for somebody else. */
function readKeys(c: Context) {
  const bearer = BEARER.exec(c.req.header('authorization') ?? '')?.groups?.['token'];
  return [bearer, c.req.header('x-api-key')].filter((key) => key !== undefined);
}
