/** Older ones ignore `client_composed`, one of the two locks that keep a caller's text from being run. */
export const OLDEST_CLI = '2.1.280';

/** The newest that docs/cli-versions.md names as tried. */
export const NEWEST_TRIED_CLI = '2.1.330';

/** Whether a version of the CLI came out before the other one. */
export function isOlder(version: string, other: string): boolean {
  return version.localeCompare(other, 'en', { numeric: true }) < 0;
}

/** Whether it is of a later series (2.2, 3.0) than the tried ones: of these the CLI is released almost daily. */
export function isOfLaterSeries(version: string): boolean {
  return isOlder(toSeries(NEWEST_TRIED_CLI), toSeries(version));
}

function toSeries(version: string) {
  return version.split('.').slice(0, 2).join('.');
}
