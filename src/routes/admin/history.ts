import type { Context, Handler } from 'hono';

import type { AppEnv } from '../../http/variables.ts';
import { type RangeName, RANGES } from '../../observation/ranges.ts';
import type { AdminParts } from './admin-parts.ts';
import { readRange } from './read-range.ts';

/** `GET /api/admin/history?range=hour`: what ended, in buckets, the oldest first. */
export function getHistory({ watch }: AdminParts): Handler<AppEnv> {
  return (c) => {
    const range = readHistoryRange(c);
    return c.json({ range, ...RANGES[range], ...watch.history.read(range) });
  };
}

/** The range that a request asks for; an hour by default. Throws `invalid-request`. */
export function readHistoryRange(c: Context): RangeName {
  return readRange(c, RANGES, 'hour');
}
