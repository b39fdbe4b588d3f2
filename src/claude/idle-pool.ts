import type { CliProcess } from './process/cli-process.ts';

/** Processes that nobody uses at the moment, with what is known of each. The longest idle one comes first. */
export type IdlePool<Item> = {
  /** Adds one. After so many milliseconds, or when its process exits, it is dropped. */
  add: (item: Item, ttlMs: number) => void;
  /** Takes one out for use; returns whether it was still there. */
  remove: (item: Item) => boolean;
  /** Takes one out and ends its process. */
  drop: (item: Item) => void;
  /**
   * Drops the longest idle one of the key that has the most, so that no key can take the place of all others;
   * returns whether there was one.
   */
  evict: () => boolean;
  /** Drops all. */
  clear: () => void;
  items: () => readonly Item[];
  size: () => number;
};

export type IdlePoolOptions<Item> = {
  /** The id of the key that an item waits for. Default: all wait for anybody. */
  toKeyId?: (item: Item) => string;
  /** Called whenever the pool gains or loses a process. Default: nothing. */
  onChange?: () => void;
};

/** Makes an empty pool. */
export function createIdlePool<Item>(
  toProcess: (item: Item) => CliProcess,
  { toKeyId = () => '', onChange = () => {} }: IdlePoolOptions<Item> = {},
): IdlePool<Item> {
  const timers = new Map<Item, NodeJS.Timeout>();
  /** A process may come back many times; its exit is awaited once. */
  const watched = new WeakSet<CliProcess>();
  const exited = new WeakSet<CliProcess>();

  return {
    add(item, ttlMs) {
      timers.set(item, setTimeout(() => drop(item), ttlMs).unref());
      onChange();
      const process = toProcess(item);
      if (exited.has(process)) drop(item);
      else watch(process);
    },
    remove,
    drop,
    evict() {
      const oldest = findOldestOfMost(timers.keys(), toKeyId);
      if (oldest !== undefined) drop(oldest);
      return oldest !== undefined;
    },
    clear() {
      for (const item of timers.keys()) drop(item);
    },
    items: () => [...timers.keys()],
    size: () => timers.size,
  };

  function watch(process: CliProcess) {
    if (watched.has(process)) return;
    watched.add(process);
    void process.exited.then(() => noteExit(process));
  }

  function noteExit(process: CliProcess) {
    exited.add(process);
    for (const item of timers.keys()) if (toProcess(item) === process) drop(item);
  }

  function drop(item: Item) {
    if (remove(item)) void toProcess(item).end();
  }

  function remove(item: Item) {
    clearTimeout(timers.get(item));
    const wasThere = timers.delete(item);
    if (wasThere) onChange();
    return wasThere;
  }
}

/** The first one of the key that has the most; the first of all when none has more than another. */
export function findOldestOfMost<Item>(
  items: Iterable<Item>,
  toKeyId: (item: Item) => string,
): Item | undefined {
  const ofKeys = Map.groupBy(items, toKeyId).values();
  const [most] = [...ofKeys].toSorted((one, other) => other.length - one.length);
  return most?.[0];
}
