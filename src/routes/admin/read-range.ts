import type { Context } from 'hono';

import { RunError } from '../../run-error.ts';

/** The range of these that a request asks for by its name. Throws `invalid-request`. */
export function readRange<Name extends string>(
  c: Context,
  ranges: Readonly<Record<Name, unknown>>,
  usual: Name,
): Name {
  const names = Object.keys(ranges) as Name[]; // `keys` forgets the names
  const asked = c.req.query('range') || usual;
  const found = names.find((name) => name === asked);
  if (found !== undefined) return found;
  const reason = `range must be one of ${names.join(', ')}.`;
  throw new RunError('invalid-request', reason, { param: 'range' });
}
