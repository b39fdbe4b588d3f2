import type { Handler } from 'hono';

import type { AppEnv } from '../../http/variables.ts';
import { type ConditionParts, readConditions } from './conditions.ts';

/**
 * `GET /ready`: whether a request would be carried out now, 503 with the reasons if not, and what is not as it
 * should be though requests are carried out. No key needed.
 * Like `/health` it answers at once; it asks the CLI no more often.
 */
export function ready(parts: ConditionParts): Handler<AppEnv> {
  return async (c) => {
    const conditions = await readConditions(parts);
    const namesOf = (stops: boolean) =>
      conditions.filter(({ stopsRequests }) => stopsRequests === stops).map(({ name }) => name);
    const [reasons, warnings] = [namesOf(true), namesOf(false)];
    const isReady = reasons.length === 0;
    const status = isReady ? 'ready' : 'not-ready';
    return c.json({ status, reasons, warnings }, isReady ? 200 : 503);
  };
}
