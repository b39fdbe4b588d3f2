/**
 * Splits bytes into lines, chunk by chunk, at `\n` only: U+2028 may stand inside a JSON string, where `node:readline`
 * would cut. A character may span two chunks.
 */
export async function* splitLines(chunks: AsyncIterable<Uint8Array>): AsyncIterable<string[]> {
  const decoder = new TextDecoder();
  let pending: string[] = [];
  for await (const chunk of chunks) {
    const pieces = decoder.decode(chunk, { stream: true }).split('\n');
    const last = pieces.pop() ?? '';
    const [first, ...rest] = pieces;
    if (first === undefined) pending.push(last);
    else {
      yield [[...pending, first].join(''), ...rest];
      pending = [last];
    }
  }
  const last = pending.join('') + decoder.decode();
  if (last !== '') yield [last];
}
