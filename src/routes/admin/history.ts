import type { Context, Handler } from 'hono';

import type { AppEnv } from '../../http/variables.ts';
import { isRangeName, type RangeName, RANGES } from '../../observation/ranges.ts';
import { RunError } from '../../run-error.ts';
import type { AdminParts } from './admin-parts.ts';

/** `GET /api/admin/history?range=hour`: what ended, in buckets, the oldest first. */
export function getHistory({ watch }: AdminParts): Handler<AppEnv> {
  return (c) => {
    const range = readRange(c);
    return c.json({ range, ...RANGES[range], ...watch.history.read(range) });
  };
}

/** The range that a request asks for; an hour by default. Throws `invalid-request`. */
export function readRange(c: Context): RangeName {
  const range = c.req.query('range') || 'hour';
  if (isRangeName(range)) return range;
  const names = Object.keys(RANGES).join(', ');
  throw new RunError('invalid-request', `range must be one of ${names}.`, { param: 'range' });
}
