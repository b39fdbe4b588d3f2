/** A waiting line in which keys take turns, however many entries each of them has. */
export type FairQueue<Entry> = {
  readonly size: number;
  /** Returns the way to leave, which does nothing once the entry had its turn. */
  push: (key: string, entry: Entry) => () => void;
  /** Takes the first entry of the key whose last turn is the longest ago. */
  shift: () => Entry | undefined;
  /** How many entries a key has. */
  count: (key: string) => number;
  /** The last entry of the key that has the most. */
  findLatestOfMost: () => { key: string; entry: Entry } | undefined;
};

/** Makes an empty queue. It remembers the last turn of each key, so keys must be few (they are: the operator's). */
export function createFairQueue<Entry>(): FairQueue<Entry> {
  const lines = new Map<string, Set<Entry>>();
  const lastTurns = new Map<string, number>();
  let size = 0;
  let turn = 0;

  const remove = (key: string, entry: Entry): void => {
    const line = lines.get(key);
    if (line?.delete(entry) !== true) return;
    size -= 1;
    if (line.size === 0) lines.delete(key);
  };

  return {
    get size() {
      return size;
    },
    push(key, entry) {
      const line = lines.get(key) ?? new Set();
      lines.set(key, line.add(entry));
      size += 1;
      return () => remove(key, entry);
    },
    shift() {
      const key = nextKey(lines.keys(), lastTurns);
      if (key === undefined) return undefined;
      const [entry] = lines.get(key) ?? [];
      if (entry === undefined) return undefined;
      turn += 1;
      lastTurns.set(key, turn);
      remove(key, entry);
      return entry;
    },
    count: (key) => lines.get(key)?.size ?? 0,
    findLatestOfMost() {
      const [most] = [...lines].toSorted(([, one], [, other]) => other.size - one.size);
      const entry = most && [...most[1]].at(-1);
      return entry === undefined || !most ? undefined : { key: most[0], entry };
    },
  };
}

/** Keys that never had a turn come first, in the order of their arrival. */
function nextKey(keys: Iterable<string>, lastTurns: Map<string, number>): string | undefined {
  let next: string | undefined;
  let nextTurn = Infinity;
  for (const key of keys) {
    const lastTurn = lastTurns.get(key) ?? 0;
    if (lastTurn >= nextTurn) continue;
    next = key;
    nextTurn = lastTurn;
  }
  return next;
}
