/** A waiting line in which keys take turns, however many entries each of them has. */
export type FairQueue<Entry> = {
  readonly size: number;
  /** Returns the way to leave, which does nothing once the entry had its turn. */
  push: (key: string, entry: Entry) => () => void;
  /** Takes the first entry of the key whose last turn is the longest ago. */
  shift: () => Entry | undefined;
  /** When the key had its last turn whose turn it is; `undefined` when nobody waits. */
  readonly nextTurn: number | undefined;
  /** How many entries a key has. */
  count: (key: string) => number;
  /** The last entry of the key that has the most. */
  findLatestOfMost: () => { key: string; entry: Entry } | undefined;
};

/** When each key had its last turn, counted in turns: keys must be few (they are: the operator's). */
export type Turns = { last: Map<string, number>; count: number };

export type FairQueueOptions = {
  /** Shared by queues among which a key has one turn. Default: the queue's own. */
  turns?: Turns;
};

/** Makes an empty queue. */
export function createFairQueue<Entry>({
  turns = { last: new Map(), count: 0 },
}: FairQueueOptions = {}): FairQueue<Entry> {
  const lines = new Map<string, Set<Entry>>();
  let size = 0;

  const findNext = () => nextKey(lines.keys(), turns.last);

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
    get nextTurn() {
      const key = findNext();
      return key === undefined ? undefined : (turns.last.get(key) ?? 0);
    },
    push(key, entry) {
      const line = lines.get(key) ?? new Set();
      lines.set(key, line.add(entry));
      size += 1;
      return () => remove(key, entry);
    },
    shift() {
      const key = findNext();
      if (key === undefined) return undefined;
      const [entry] = lines.get(key) ?? [];
      if (entry === undefined) return undefined;
      turns.count += 1;
      turns.last.set(key, turns.count);
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
