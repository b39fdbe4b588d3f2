import { createMiddleware } from 'hono/factory';

import type { Scope } from '../keys/api-key.ts';
import { toScopeError } from '../keys/key-rules.ts';
import type { AppEnv } from './variables.ts';

/** Lets only keys with this scope through. Throws `RunError` `forbidden`. */
export function requireScope(scope: Scope) {
  return createMiddleware<AppEnv>(async (c, next) => {
    if (!c.get('key').scopes.includes(scope)) throw toScopeError(scope);
    c.set('scope', scope);
    await next();
  });
}

/** Lets through who may see and end what others do. Stands behind `authenticate`. */
export const requireAdmin: ReturnType<typeof requireScope> = requireScope('admin');
