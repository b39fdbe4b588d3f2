import { within } from '../../common/within.ts';

/**
 * Passes items on. When nothing comes for the time that `patienceMs` returns, if it returns one, it yields `silent`
 * and ends without closing the source.
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
