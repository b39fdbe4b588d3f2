import { RunError } from '../run-error.ts';

/** A whole number from a query. Throws `invalid-request`. */
export function readNumber(text: string | undefined, param: string): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new RunError('invalid-request', `${param} must be a whole number.`, { param });
}

/** How many a list may have at most: `limit` of a query, from 1. Throws `invalid-request`. */
export function readLimit(text: string | undefined, usual: number, most: number): number {
  const limit = readNumber(text, 'limit') ?? usual;
  if (limit >= 1 && limit <= most) return limit;
  throw new RunError('invalid-request', `limit must be from 1 to ${most}.`, { param: 'limit' });
}
