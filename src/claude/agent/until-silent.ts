import { within } from '../../common/within.ts';

/**
 * Passes items on. While `patienceMs` tells a time, and nothing comes for as long, it says `silent` and
 * ends; the source is left as it is.
 */
export async function* untilSilent<Item>(
  items: AsyncIterable<Item>,
  patienceMs: () => number | undefined,
): AsyncIterable<Item | 'silent'> {
  const iterator = items[Symbol.asyncIterator]();
  for (;;) {
    const next = iterator.next();
    const patience = patienceMs();
    const step = patience === undefined ? await next : await within(next, patience);
    if (step?.done) return;
    yield step ? step.value : 'silent';
    if (!step) return;
  }
}
