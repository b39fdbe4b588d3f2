/** Items on their way from one writer to one reader, in order. */
export type LineQueue<Item> = {
  /** Adds one. Resolves when the reader has caught up, so that a writer that waits is held back. */
  push: (item: Item) => Promise<void> | undefined;
  /** No more will come; what is waiting is still read. */
  end: () => void;
  /** What comes from here on; may be iterated again after it was left. */
  items: () => AsyncIterableIterator<Item>;
};

/** Makes a queue that holds its writer back while more than `limit` items wait. */
export function createLineQueue<Item>(limit: number): LineQueue<Item> {
  const waiting: Item[] = [];
  let taken = 0;
  let isOver = false;
  let reader: PromiseWithResolvers<IteratorResult<Item>> | undefined;
  let room: PromiseWithResolvers<void> | undefined;

  return {
    push(item) {
      if (isOver) return undefined;
      if (reader) {
        reader.resolve({ done: false, value: item });
        reader = undefined;
        return undefined;
      }
      waiting.push(item);
      if (waiting.length - taken <= limit) return undefined;
      room ??= Promise.withResolvers();
      return room.promise;
    },
    end() {
      isOver = true;
      reader?.resolve({ done: true, value: undefined });
      room?.resolve();
    },
    items,
  };

  function items(): AsyncIterableIterator<Item> {
    return { next, [Symbol.asyncIterator]: items };
  }

  function next(): Promise<IteratorResult<Item>> {
    if (taken < waiting.length) return Promise.resolve({ done: false, value: take() });
    if (isOver) return Promise.resolve({ done: true, value: undefined });
    reader = Promise.withResolvers();
    return reader.promise;
  }

  function take(): Item {
    const item = waiting[taken] as Item; // there is one
    taken += 1;
    if (taken === waiting.length) {
      waiting.length = 0;
      taken = 0;
      room?.resolve();
      room = undefined;
    }
    return item;
  }
}
