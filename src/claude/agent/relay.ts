import { createLineQueue } from '../process/line-queue.ts';

/** Items ahead of the one who reads; past that their source is held back. */
const READ_AHEAD = 64;

/** Passes items on, with others put among them; ends with its source. */
export function createRelay<Item>(source: AsyncIterable<Item>) {
  const queue = createLineQueue<Item>(READ_AHEAD);
  const pass = async () => {
    try {
      for await (const item of source) await queue.push(item);
    } finally {
      queue.end();
    }
  };
  void pass();
  return { items: queue.items, put: (item: Item) => void queue.push(item) };
}
