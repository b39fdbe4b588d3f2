import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';

/** The sign-in that the browser brings, if its page is ours. */
export function readSignInCookie(c: Context): string | undefined {
  return getCookie(c, toName(c));
}

/** Neither scripts nor other sites get the cookie. */
export function writeSignInCookie(c: Context, id: string, ttlMs: number): void {
  setCookie(c, toName(c), id, {
    path: '/',
    httpOnly: true,
    sameSite: 'Strict',
    secure: isEncrypted(c),
    maxAge: Math.floor(ttlMs / 1000),
  });
}

export function removeSignInCookie(c: Context): void {
  deleteCookie(c, toName(c), { path: '/', secure: isEncrypted(c) });
}

/** Cookies do not tell ports apart: two servers on one machine must not sign each other out. */
function toName(c: Context) {
  return `claude-code-proxy-${new URL(c.req.url).port || 'default'}`;
}

/** A reverse proxy ends TLS and says so; who lies here harms himself only. */
function isEncrypted(c: Context) {
  return c.req.url.startsWith('https:') || c.req.header('x-forwarded-proto') === 'https';
}
