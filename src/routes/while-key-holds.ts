import type { Variables } from '../http/variables.ts';

/**
 * Follows what outlives the look at its caller's key. Throws `unauthenticated` as soon as that holds no more:
 * who asks again is refused, too.
 */
export async function* whileKeyHolds<Item>(
  { signal, watchKey }: Pick<Variables, 'signal' | 'watchKey'>,
  follow: (signal: AbortSignal) => AsyncIterable<Item>,
): AsyncIterable<Item> {
  const key = watchKey();
  try {
    for await (const item of follow(AbortSignal.any([signal, key.signal]))) {
      key.signal.throwIfAborted(); // its reader may have been slow
      yield item;
    }
    key.signal.throwIfAborted();
  } finally {
    key.end();
  }
}
