import type { CliLine } from './protocol.ts';

/** The lines of a process, of which the next one can be looked at without taking it. */
export type LineReader = AsyncIterable<CliLine> & {
  /** The next line, `undefined` behind the last; stays the next one. */
  peek(): Promise<CliLine | undefined>;
  /** Takes the line last looked at. */
  skip(): void;
};

/** Makes the one reader of a process's lines: of two, each would miss what the other took. */
export function createLineReader(lines: AsyncIterable<CliLine>): LineReader {
  const source = lines[Symbol.asyncIterator]();
  let pending: Promise<IteratorResult<CliLine>> | undefined;

  return {
    async peek() {
      pending ??= source.next();
      const { done, value } = await pending;
      return done ? undefined : value;
    },
    skip() {
      pending = undefined;
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        const line = await this.peek();
        if (!line) return;
        this.skip();
        yield line;
      }
    },
  };
}
