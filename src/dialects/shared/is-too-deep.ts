/** Levels of lists and objects inside each other; real requests have some twenty, JSON schemas included. */
export const MOST_LEVELS = 200;

/**
 * Whether a value is nested so deep that code which calls itself for every level (`JSON.stringify`,
 * schema compilers) would run out of stack. Does not call itself.
 */
export function isTooDeep(value: unknown, mostLevels = MOST_LEVELS): boolean {
  let level = [value].filter(isNested);
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth === mostLevels) return true;
    level = level.flatMap((item) => Object.values(item).filter(isNested));
  }
  return false;
}

function isNested(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
