import type { Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { ContentfulStatusCode } from 'hono/utils/http-status';

import { asset } from '../assets.ts';
import type { AppEnv } from '../../http/variables.ts';
import { RunError } from '../../run-error.ts';
import type { IdentifyKey } from './identify-key.ts';
import { isOwnPage } from './is-own-page.ts';
import type { Html } from '../html.ts';
import { securePages } from '../secure-pages.ts';
import { readSignInCookie, removeSignInCookie, writeSignInCookie } from './sign-in-cookie.ts';
import { orFailurePage } from './or-failure-page.ts';
import { signInPage } from './sign-in-page.ts';
import type { SignIns } from './sign-ins.ts';

export type SignInParts = {
  signIns: SignIns;
  identifyKey: IdentifyKey;
  /** The pages for who is signed in, by their addresses. */
  pages: Readonly<Record<string, Show>>;
};

/** Makes a page, as it is for `c.var.caller`. */
export type Show = (c: Context<AppEnv>) => Promise<Html>;

/** In bytes. The page to go to may carry a prompt. */
const LONGEST_FORM = 65_536;

/** The pages and the way to them. Stands before `authenticate`: it has its own way to say no. */
export function mountSignIn(app: Hono<AppEnv>, parts: SignInParts): void {
  const paths = Object.keys(parts.pages);
  for (const path of [...paths, '/sign-in', '/sign-out', '/assets/*', '/dashboard/*']) {
    app.use(path, securePages());
  }
  app.get('/assets/:name', asset);
  for (const [path, show] of Object.entries(parts.pages)) {
    app.get(path, orFailurePage(showPage(parts, show)));
  }
  app.post('/sign-in', bodyLimit({ maxSize: LONGEST_FORM }), orFailurePage(signIn(parts)));
  app.post('/sign-out', orFailurePage(signOut(parts)));
}

/** Why a key does not sign in; other failures are none of the key's. */
const KEY_CODES: ReadonlySet<string> = new Set(['unauthenticated', 'forbidden']);

function showPage({ signIns, identifyKey }: SignInParts, show: Show) {
  return async (c: Context<AppEnv>): Promise<Response> => {
    c.header('cache-control', 'no-store');
    const id = isOwnPage(c) ? readSignInCookie(c) : undefined;
    const key = id === undefined ? undefined : await signIns.find(id);
    const to = toAddress(c);
    if (key === undefined) return c.html(signInPage({ to }));
    const caller = await identifyKey(key, c.env);
    if (caller instanceof RunError) {
      if (!KEY_CODES.has(caller.code)) throw caller;
      return c.html(signInPage({ to, complaint: 'Sign in again: the key has changed.' }));
    }
    c.set('caller', caller);
    return c.html(await show(c));
  };
}

/** The statuses of a sign-in that fails for another reason than a wrong key. */
const STATUSES: Readonly<Record<string, ContentfulStatusCode>> = {
  'rate-limited': 429,
  forbidden: 403,
  'queue-timeout': 503,
};

function signIn({ signIns, identifyKey, pages }: SignInParts) {
  return async (c: Context<AppEnv>): Promise<Response> => {
    if (!isOwnPage(c)) return c.html(signInPage({ complaint: 'Sign in on this page.' }), 403);
    const { key, to: wanted } = await c.req.parseBody();
    const to = toOwnPage(wanted, pages);
    const given = typeof key === 'string' ? key.trim() : '';
    const caller = await identifyKey(given, c.env);
    if (caller instanceof RunError) {
      c.set('failure', caller);
      return c.html(signInPage({ to, complaint: caller.message }), STATUSES[caller.code] ?? 401);
    }
    c.set('caller', caller);
    writeSignInCookie(c, await signIns.add(given), signIns.ttlMs);
    return c.redirect(to, 303);
  };
}

function signOut({ signIns }: SignInParts) {
  return async (c: Context<AppEnv>): Promise<Response> => {
    const id = readSignInCookie(c);
    if (id !== undefined && isOwnPage(c)) await signIns.remove(id);
    removeSignInCookie(c);
    return c.redirect('/', 303);
  };
}

function toAddress(c: Context) {
  const { pathname, search } = new URL(c.req.url);
  return pathname + search;
}

/** Nobody is led to an address that is not one of the pages. */
function toOwnPage(wanted: unknown, pages: SignInParts['pages']) {
  const url = typeof wanted === 'string' ? URL.parse(wanted, 'http://page') : null;
  return url !== null && Object.hasOwn(pages, url.pathname) ? url.pathname + url.search : '/';
}
