/** Tells those who wait for something that it happened. */
export type Announcements<Key, Item> = {
  announce: (key: Key, item: Item) => void;
  /** Calls the listener at each announcement for the key, until what it returns is called. */
  listen: (key: Key, listener: (item: Item) => void) => () => void;
  /** All that is announced for the key from here on, until the signal aborts. */
  follow: (key: Key, signal: AbortSignal) => AsyncIterable<Item>;
};

/** Makes a place for announcements; who is slow to read finds them all. */
export function createAnnouncements<Key, Item = void>(): Announcements<Key, Item> {
  const listeners = new Map<Key, Set<(item: Item) => void>>();

  const listen = (key: Key, listener: (item: Item) => void) => {
    const set = listeners.get(key) ?? new Set();
    listeners.set(key, set.add(listener));
    return () => {
      set.delete(listener);
      if (set.size === 0 && listeners.get(key) === set) listeners.delete(key);
    };
  };

  return {
    announce(key, item) {
      for (const listener of listeners.get(key) ?? []) listener(item);
    },
    listen,
    follow(key, signal) {
      const waiting: Item[] = [];
      let wake = Promise.withResolvers<void>();
      const leave = listen(key, (item) => {
        waiting.push(item);
        wake.resolve();
      });
      const onAbort = () => wake.resolve();
      signal.addEventListener('abort', onAbort, { once: true });
      return (async function* items() {
        try {
          while (!signal.aborted) {
            for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) yield item;
            await wake.promise;
            wake = Promise.withResolvers();
          }
        } finally {
          leave();
          signal.removeEventListener('abort', onAbort);
        }
      })();
    },
  };
}
