import { createMiddleware } from 'hono/factory';

import type { AppEnv } from '../../http/variables.ts';
import { isOwnPage } from './is-own-page.ts';
import { readSignInCookie } from './sign-in-cookie.ts';
import type { SignIns } from './sign-ins.ts';

/**
 * Lets a signed-in page do what its key may do: puts the key in the place of the cookie, in front of
 * `authenticate`, so that every rule for keys holds for the page, too. A request from elsewhere, or
 * with a key of its own, stays as it is.
 */
export function withSignIn(signIns: SignIns) {
  return createMiddleware<AppEnv>(async (c, next) => {
    const hasKey = c.req.header('authorization') ?? c.req.header('x-api-key');
    const id = hasKey === undefined ? readSignInCookie(c) : undefined;
    if (id !== undefined && isOwnPage(c)) {
      const key = await signIns.find(id);
      if (key !== undefined) {
        c.req.raw.headers.set('authorization', `Bearer ${key}`);
        c.set('isSignedIn', async () => (await signIns.find(id)) !== undefined);
      }
    }
    await next();
  });
}
