import { createMiddleware } from 'hono/factory';

import { createDeadline } from '../common/deadline.ts';
import type { AppEnv } from './variables.ts';

/**
 * Gives the request the signal that its run obeys: it aborts when the caller leaves, and `timeoutMs`
 * after arrival. `hono/timeout` would end with the headers of a stream; this one holds to its end.
 */
export function timeout(timeoutMs: number) {
  return createMiddleware<AppEnv>(async (c, next) => {
    const deadline = createDeadline(timeoutMs, c.req.raw.signal);
    c.set('signal', deadline.signal);
    c.set('deadline', deadline);
    await next();
    c.get('whenAnswered')(deadline.end);
  });
}
