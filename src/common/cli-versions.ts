/** Older ones ignore `client_composed`, one of the two locks that keep a caller's text from being run. */
export const OLDEST_CLI = '2.1.280';

/** The newest that docs/cli-versions.md names as tried. */
export const NEWEST_TRIED_CLI = '2.1.332';

/** Whether a version of the CLI came out before the other one. */
export function isOlder(version: string, other: string): boolean {
  return compareVersions(version, other) < 0;
}

/**
 * Orders versions by their numbers: below 0 when the first is older, above when it is newer. Not `localeCompare`: it
 * brings 3 MB of ICU's data into memory.
 */
export function compareVersions(one: string, other: string): number {
  const [left, right] = [toNumbers(one), toNumbers(other)];
  const place = left.findIndex((number, index) => number !== right[index]);
  return place === -1 ? left.length - right.length : (left[place] ?? 0) - (right[place] ?? 0);
}

function toNumbers(version: string) {
  return version.split('.').map((part) => Number.parseInt(part, 10));
}

/** Whether it is of a later series (2.2, 3.0) than the tried ones: of these the CLI is released almost daily. */
export function isOfLaterSeries(version: string): boolean {
  return isOlder(toSeries(NEWEST_TRIED_CLI), toSeries(version));
}

function toSeries(version: string) {
  return version.split('.').slice(0, 2).join('.');
}
