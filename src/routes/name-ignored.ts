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
  const names = toIgnoredNames(paramNames, ignored, start);
  if (names.length > 0) c.header('x-ignored-params', names.join(', '));
}

/** What a dialect did not honour, and what the model would not take. */
export function toIgnoredNames(
  paramNames: Dialect<never>['paramNames'],
  ignored: readonly string[],
  start: RunStart | undefined,
): string[] {
  const dropped = (start?.dropped ?? []).map((name) => paramNames[name]);
  return [...new Set([...ignored, ...dropped])];
}
