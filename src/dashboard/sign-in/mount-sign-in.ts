import type { Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { ContentfulStatusCode } from 'hono/utils/http-status';

import { asset } from '../assets.ts';
import type { AppEnv } from '../../http/variables.ts';
import { RunError } from '../../run-error.ts';
import type { Caller } from '../../run.ts';
import type { IdentifyKey } from './identify-key.ts';
import { isOwnPage } from './is-own-page.ts';
import type { Html } from '../html.ts';
import { securePages } from '../secure-pages.ts';
import { readSignInCookie, removeSignInCookie, writeSignInCookie } from './sign-in-cookie.ts';
import { signInPage } from './sign-in-page.ts';
import type { SignIns } from './sign-ins.ts';

export type SignInParts = {
  signIns: SignIns;
  identifyKey: IdentifyKey;
  /** The page for who is signed in. */
  page: (caller: Caller) => Promise<Html>;
};

/** In bytes. */
const LONGEST_FORM = 4096;

/** The page at `/` and the way to it. Stands before `authenticate`: it has its own way to say no. */
export function mountSignIn(app: Hono<AppEnv>, parts: SignInParts): void {
  for (const path of ['/', '/sign-in', '/sign-out', '/assets/*', '/dashboard/*']) {
    app.use(path, securePages());
  }
  app.get('/assets/:name', asset);
  app.get('/', showPage(parts));
  app.post('/sign-in', bodyLimit({ maxSize: LONGEST_FORM }), signIn(parts));
  app.post('/sign-out', signOut(parts));
}

function showPage({ signIns, identifyKey, page }: SignInParts) {
  return async (c: Context<AppEnv>): Promise<Response> => {
    c.header('cache-control', 'no-store');
    const key = isOwnPage(c) ? signIns.find(readSignInCookie(c) ?? '') : undefined;
    if (key === undefined) return c.html(signInPage());
    const caller = await identifyKey(key, c.env);
    if (caller instanceof RunError)
      return c.html(signInPage('Sign in again: the key has changed.'));
    return c.html(await page(caller));
  };
}

/** The statuses of a sign-in that fails for another reason than a wrong key. */
const STATUSES: Readonly<Record<string, ContentfulStatusCode>> = {
  'rate-limited': 429,
  forbidden: 403,
};

function signIn({ signIns, identifyKey }: SignInParts) {
  return async (c: Context<AppEnv>): Promise<Response> => {
    if (!isOwnPage(c)) return c.html(signInPage('Sign in on this page.'), 403);
    const { key } = await c.req.parseBody();
    const given = typeof key === 'string' ? key.trim() : '';
    const caller = await identifyKey(given, c.env);
    if (caller instanceof RunError) {
      c.set('failure', caller);
      return c.html(signInPage(caller.message), STATUSES[caller.code] ?? 401);
    }
    c.set('caller', caller);
    writeSignInCookie(c, signIns.add(given), signIns.ttlMs);
    return c.redirect('/', 303);
  };
}

function signOut({ signIns }: SignInParts) {
  return (c: Context<AppEnv>): Response => {
    const id = readSignInCookie(c);
    if (id !== undefined && isOwnPage(c)) signIns.remove(id);
    removeSignInCookie(c);
    return c.redirect('/', 303);
  };
}
