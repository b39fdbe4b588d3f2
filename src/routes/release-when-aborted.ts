/**
 * Ends what is read when the signal aborts, also while its reader is busy with the item before: who takes a
 * byte a second from his connection would hold the run's place as long as he likes. Throws the reason then.
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
  signal.addEventListener('abort', release, { once: true });
  try {
    for (let step = await iterator.next(); !step.done; step = await iterator.next()) {
      yield step.value;
    }
    if (isCut) throw signal.reason;
  } finally {
    signal.removeEventListener('abort', release);
    await iterator.return?.();
  }
}
