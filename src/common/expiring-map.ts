/** Values by name, each for a while. */
export type ExpiringMap<Value> = {
  /** `undefined` when there is none, or not any more. */
  get: (key: string) => Value | undefined;
  /** Sets a value, for the whole while. */
  set: (key: string, value: Value) => void;
  /** What still holds, and for how many milliseconds. */
  list: () => { value: Value; expiresInMs: number }[];
};

export type ExpiringMapOptions = {
  /** How long a value holds, in milliseconds. */
  holdMs: number;
  /** How many are held; one more begins anew. */
  max: number;
  /** In milliseconds. Default: a clock that is never set. */
  now?: () => number;
};

/** Makes an empty map whose values expire. */
export function createExpiringMap<Value>(options: ExpiringMapOptions): ExpiringMap<Value> {
  const { holdMs, max, now = () => performance.now() } = options;
  const all = new Map<string, { value: Value; untilMs: number }>();
  return {
    get(key) {
      const known = all.get(key);
      return known && known.untilMs > now() ? known.value : undefined;
    },
    set(key, value) {
      if (all.size >= max && !all.has(key)) all.clear();
      all.set(key, { value, untilMs: now() + holdMs });
    },
    list: () =>
      [...all.values()]
        .map(({ value, untilMs }) => ({ value, expiresInMs: untilMs - now() }))
        .filter(({ expiresInMs }) => expiresInMs > 0),
  };
}
