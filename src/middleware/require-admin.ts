import { createMiddleware } from 'hono/factory';

import type { AppEnv } from './variables.ts';

/**
 * Lets through who may see and end what others do. Stands behind `authenticate`. There is one key, and
 * its owner is the operator; when keys have scopes, this is the place to ask for `admin`.
 */
export const requireAdmin = createMiddleware<AppEnv>(async (_c, next) => next());
