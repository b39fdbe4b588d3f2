/** How often delays of about the same length came: bin → count. */
export type Delays = Readonly<Record<string, number>>;

/** Each bin is a sixth longer than the one before: a quantile is off by a twelfth at most. */
const GROWTH = 7 / 6;

/** Adds a delay in milliseconds. */
export function addDelay(delays: Delays, delayMs: number): Delays {
  const bin = Math.round(Math.log(Math.max(delayMs, 1)) / Math.log(GROWTH));
  return { ...delays, [bin]: (delays[bin] ?? 0) + 1 };
}

/** All of them together. */
export function mergeDelays(all: readonly Delays[]): Delays {
  const merged: Record<string, number> = {};
  for (const delays of all) {
    for (const [bin, count] of Object.entries(delays)) merged[bin] = (merged[bin] ?? 0) + count;
  }
  return merged;
}

/** The delay in milliseconds that this share (0 to 1) of all stays under; `undefined` without any. */
export function toQuantileMs(delays: Delays, share: number): number | undefined {
  const bins = Object.entries(delays)
    .map(([bin, count]) => [Number(bin), count] as const)
    .toSorted(([one], [other]) => one - other);
  let rest = share * bins.reduce((sum, [, count]) => sum + count, 0);
  for (const [bin, count] of bins) {
    rest -= count;
    if (rest <= 0) return Math.round(GROWTH ** bin);
  }
  return undefined;
}
