import type { Handler } from 'hono';

import type { AppEnv } from '../middleware/variables.ts';
import type { Metrics } from '../observation/metrics.ts';

/** `GET /metrics`, for Prometheus. */
export function metrics({ render, contentType }: Metrics): Handler<AppEnv> {
  return async (c) => c.body(await render(), 200, { 'content-type': contentType });
}
