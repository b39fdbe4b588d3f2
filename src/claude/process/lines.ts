import type { CliLine } from './protocol.ts';

/** Items on their way from one writer to one reader, in order. */
export type LineQueue<Item> = {
  /** Adds one. Returns a promise when the writer should wait until the reader has caught up. */
  push: (item: Item) => Promise<void> | undefined;
  /** Nothing more will come; what is queued can still be read. */
  end: () => void;
  /** What comes from now on; may be iterated again after a reader has stopped. */
  items: () => AsyncIterableIterator<Item>;
};

/** The lines of a process; the next one can be looked at without taking it. */
export type LineReader = AsyncIterable<CliLine> & {
  /** Looks at the next line, without taking it; `undefined` after the last one. */
  peek(): Promise<CliLine | undefined>;
  /** Takes the line last looked at. */
  skip(): void;
  /** How many of the lines taken so far ended a turn. */
  readonly results: number;
};

/** Makes a queue that holds its writer back while more than `limit` items are queued. */
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

/** Makes the only reader of a process's lines: of two, each would miss what the other one takes. */
export function createLineReader(lines: AsyncIterable<CliLine>): LineReader {
  const source = lines[Symbol.asyncIterator]();
  let pending: Promise<IteratorResult<CliLine>> | undefined;
  let next: CliLine | undefined;
  let results = 0;

  async function peek() {
    pending ??= source.next();
    const { done, value } = await pending;
    next = done ? undefined : value;
    return next;
  }

  function skip() {
    if (next?.type === 'result') results += 1;
    next = undefined;
    pending = undefined;
  }

  return {
    peek,
    skip,
    get results() {
      return results;
    },
    async *[Symbol.asyncIterator]() {
      for (let line = await peek(); line; line = await peek()) {
        skip();
        yield line;
      }
    },
  };
}
