import type { Context } from 'hono';

import type { AppEnv } from '../../http/variables.ts';
import type { JsonObject } from '../../responses/response-store.ts';
import { RunError } from '../../run-error.ts';
import { readLimit } from '../read-number.ts';
import type { ResponseParts } from './response-parts.ts';

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 100;

/** `GET /v1/responses/{id}/input_items`: the newest first unless `order=asc`. */
export function listInputItems({ book }: ResponseParts) {
  return async (c: Context<AppEnv, '/:id'>): Promise<Response> => {
    const { input } = await book.get(c.req.param('id'), c.var.caller.keyId);
    const { order = 'desc', after, limit } = c.req.query();
    const items = toPage(order === 'asc' ? input : input.toReversed(), after);
    const data = items.slice(0, readLimit(limit, DEFAULT_LIMIT, MAX_LIMIT));
    return c.json({
      object: 'list',
      data,
      first_id: data[0]?.['id'] ?? null,
      last_id: data.at(-1)?.['id'] ?? null,
      has_more: data.length < items.length,
    });
  };
}

function toPage(items: readonly JsonObject[], after: string | undefined) {
  if (after === undefined) return items;
  const index = items.findIndex((item) => item['id'] === after);
  if (index !== -1) return items.slice(index + 1);
  throw new RunError('invalid-request', 'after names no item of this list.', { param: 'after' });
}
