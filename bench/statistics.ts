/** The value below which the share `rank` (0 to 1) of the values lies. */
export function toQuantile(values: readonly number[], rank: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(rank * sorted.length))] ?? Number.NaN;
}

export function toMedian(values: readonly number[]): number {
  return toQuantile(values, 0.5);
}
