import type { Context } from 'hono';

import type { Dialect } from '../dialects/dialect.ts';
import type { RunStart } from '../run.ts';

/** What was asked for and is not done never goes unsaid. */
export function nameIgnored(
  c: Context,
  { paramNames }: Pick<Dialect<never>, 'paramNames'>,
  ignored: readonly string[],
  start: RunStart | undefined,
): void {
  const dropped = (start?.dropped ?? []).map((name) => paramNames[name]);
  const names = new Set([...ignored, ...dropped]);
  if (names.size > 0) c.header('x-ignored-params', [...names].join(', '));
}
