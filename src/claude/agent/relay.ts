import { createLineQueue } from '../process/lines.ts';

/** How many items may be read ahead; beyond that the source has to wait. */
const READ_AHEAD = 64;

/** Passes items on, with others put among them; ends, or fails, with its source. */
export function createRelay<Item>(source: AsyncIterable<Item>) {
  const queue = createLineQueue<Item>(READ_AHEAD);
  const pass = async () => {
    try {
      for await (const item of source) await queue.push(item);
    } finally {
      queue.end();
    }
  };
  const passed = pass();
  passed.catch(() => undefined); // it is rethrown to the reader
  return {
    async *items(): AsyncIterable<Item> {
      yield* queue.items();
      await passed;
    },
    put: (item: Item) => void queue.push(item),
  };
}
