import { createMiddleware } from 'hono/factory';

import type { AppEnv } from './variables.ts';

/** Lets a route say that its answer goes on behind its handler, as a stream does, and others wait for its end. */
export const trackAnswer = createMiddleware<AppEnv>(async (c, next) => {
  let end: Promise<void> | undefined;
  c.set('holdAnswer', () => {
    const held = Promise.withResolvers<void>();
    end = held.promise;
    return held.resolve;
  });
  c.set('whenAnswered', (task) => {
    if (end) void end.then(task);
    else task();
  });
  await next();
});
