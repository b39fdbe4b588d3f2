import { createMiddleware } from 'hono/factory';

import { RunError } from '../run-error.ts';

/**
 * Refuses what a CLI of this server sent: its API address leads back here, and every run would start
 * a CLI that calls the proxy.
 */
export function refuseLoops(hopHeader: string) {
  return createMiddleware(async (c, next) => {
    if (c.req.header(hopHeader) !== undefined) {
      throw new RunError(
        'loop',
        'This request came from a claude CLI that a proxy started: its ANTHROPIC_BASE_URL leads back to the proxy. Unset it.',
      );
    }
    await next();
  });
}
