import type { Handler } from 'hono';

import { isLocal } from '../http/is-local.ts';
import type { AppEnv } from '../http/variables.ts';
import type { Metrics } from '../observation/metrics.ts';

/** `GET /metrics`, for Prometheus. */
export function metrics({ render, contentType }: Metrics): Handler<AppEnv> {
  return async (c) => c.body(await render(), 200, { 'content-type': contentType });
}

/** The same for programs on this machine, which need no key. Stands before `authenticate`. */
export function localMetrics(parts: Metrics): Handler<AppEnv> {
  const answer = metrics(parts);
  return (c, next) => (isLocal(c) ? answer(c, next) : next());
}
