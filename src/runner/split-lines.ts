/**
 * Splits bytes into lines at `\n` only: U+2028 may stand inside a JSON string, where `node:readline`
 * would cut. A character may span two chunks.
 */
export async function* splitLines(chunks: AsyncIterable<Uint8Array>): AsyncIterable<string> {
  const decoder = new TextDecoder();
  let pending: string[] = [];
  for await (const chunk of chunks) {
    const [first = '', ...rest] = decoder.decode(chunk, { stream: true }).split('\n');
    pending.push(first);
    for (const piece of rest) {
      yield pending.join('');
      pending = [piece];
    }
  }
  const last = pending.join('') + decoder.decode();
  if (last !== '') yield last;
}
