/** Longer than any line that makes sense, in characters: a tool's result may have half a million. */
const LONGEST_LINE = 100_000_000;

/**
 * Splits bytes into lines, chunk by chunk, at `\n` only: U+2028 may stand inside a JSON string, where `node:readline`
 * would cut. A character may span two chunks. Throws at a line that does not end: memory does.
 */
export async function* splitLines(
  chunks: AsyncIterable<Uint8Array>,
  longest = LONGEST_LINE,
): AsyncIterable<string[]> {
  const decoder = new TextDecoder();
  let pending: string[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    const pieces = decoder.decode(chunk, { stream: true }).split('\n');
    const last = pieces.pop() ?? '';
    const [first, ...rest] = pieces;
    if (first === undefined) pending.push(last);
    else {
      yield [[...pending, first].join(''), ...rest];
      pending = [last];
      length = 0;
    }
    length += last.length;
    if (length > longest) throw new LineTooLong(longest);
  }
  const last = pending.join('') + decoder.decode();
  if (last !== '') yield [last];
}

/** A line has no end within what it may have. */
export class LineTooLong extends Error {
  constructor(longest: number) {
    super(`A line is longer than ${longest} characters.`);
  }
}
