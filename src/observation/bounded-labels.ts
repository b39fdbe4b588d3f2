/** What stands for all labels beyond the bound. */
export const OTHER = 'other';

/**
 * Makes a function that lets the first `most` (default 50) different values through and calls the
 * others `other`: each value of a label is a time series of its own, kept for ever.
 */
export function createBoundedLabels(most = 50): (value: string) => string {
  const known = new Set<string>();
  return (value) => {
    if (known.has(value)) return value;
    if (known.size >= most) return OTHER;
    known.add(value);
    return value;
  };
}
