import type { Context } from 'hono';

import type { KeyBook } from '../../keys/key-book.ts';
import type { RequestFilter } from '../../observation/requests/request-filter.ts';
import { RunError } from '../../run-error.ts';

const TIME = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?$/;
const HAS_ZONE = /(Z|[+-]\d\d:\d\d)$/;

/**
 * The filter in a query, in which an empty parameter counts as left out; a key goes by its name or its id.
 * Throws `invalid-request`.
 */
export async function readRequestFilter(
  c: Context,
  keys: Pick<KeyBook, 'named'>,
): Promise<RequestFilter> {
  const read = (name: string) => c.req.query(name)?.trim() || undefined;
  const key = read('key');
  return {
    keyId: key && ((await keys.named(key))?.id ?? key), // of a revoked one only the id is known
    model: read('model'),
    dialect: read('api'),
    outcome: read('outcome'),
    fromMs: readTime(read('from'), 'from'),
    toMs: readTime(read('to'), 'to'),
    text: read('text'),
  };
}

/** Milliseconds since 1970; what names no zone is UTC. */
function readTime(text: string | undefined, param: string) {
  if (text === undefined) return undefined;
  const isWhole = HAS_ZONE.test(text) || !text.includes('T');
  const time = TIME.test(text) ? Date.parse(isWhole ? text : `${text}Z`) : NaN;
  if (!Number.isNaN(time)) return time;
  const reason = `${param} must be a time like 2026-11-28 or 2026-11-28T08:30:00Z.`;
  throw new RunError('invalid-request', reason, { param });
}
