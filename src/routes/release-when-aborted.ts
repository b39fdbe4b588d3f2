import { addAbortListener } from 'node:events';

/**
 * Ends the reading when the signal aborts, even while the reader is still busy with the previous item, and
 * then throws the signal's reason. Otherwise a client that reads one byte a second would keep the run's
 * place for as long as it likes.
 */
export async function* releaseWhenAborted<Item>(
  items: AsyncIterable<Item>,
  signal: AbortSignal,
): AsyncIterable<Item> {
  const iterator = items[Symbol.asyncIterator]();
  let isCut = false;
  const release = () => {
    isCut = true;
    iterator.return?.().catch(() => undefined);
  };
  using _listener = addAbortListener(signal, release);
  try {
    for (let step = await iterator.next(); !step.done; step = await iterator.next()) {
      yield step.value;
    }
    if (isCut) throw signal.reason;
  } finally {
    await iterator.return?.();
  }
}
