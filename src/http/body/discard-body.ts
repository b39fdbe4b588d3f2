/** How much of a refused body is read, and for how long, in milliseconds, before its connection is cut. */
const MOST_BYTES = 64 * 2 ** 20;
const LONGEST_MS = 5000;

type Sent = ReadableStream<Uint8Array> | null;

/**
 * Reads a body. What is refused is read on and thrown away before the refusal is thrown: who still sends it would not
 * read why. The HTTP server itself reads on for half a second only (@hono/node-server 2.1).
 */
export async function orDiscard<Result>(sent: Sent, read: () => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (refusal) {
    await discard(sent);
    throw refusal;
  }
}

async function discard(sent: Sent) {
  let left = MOST_BYTES;
  const nowhere = new WritableStream<Uint8Array>({
    write(piece) {
      left -= piece.length;
      if (left < 0) throw new Error('The rest is not read.');
    },
  });
  const signal = AbortSignal.timeout(LONGEST_MS);
  await sent?.pipeTo(nowhere, { signal, preventCancel: true }).catch(ignore);
}

function ignore(): void {}
