import type { CliLine } from './protocol.ts';

/** The lines of a process, of which the next one can be looked at without taking it. */
export type LineReader = AsyncIterable<CliLine> & {
  /** The next line, `undefined` behind the last; stays the next one. */
  peek(): Promise<CliLine | undefined>;
  /** Takes the line last looked at. */
  skip(): void;
  /** How many of the lines taken so far ended a turn. */
  readonly results: number;
};

/** Makes the one reader of a process's lines: of two, each would miss what the other took. */
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
