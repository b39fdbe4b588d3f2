/** What several sources give, in the order in which it comes. The first that fails ends it. */
export async function* merge<Item>(
  sources: readonly AsyncIterable<Item>[],
): AsyncGenerator<Item, void, undefined> {
  const [only] = sources;
  if (only && sources.length === 1) return yield* only;

  const steps = new Map(
    sources.map((source) => {
      const iterator = source[Symbol.asyncIterator]();
      return [iterator, toStep(iterator)] as const;
    }),
  );
  try {
    while (steps.size > 0) {
      const { iterator, result } = await Promise.race(steps.values());
      if (result.done) steps.delete(iterator);
      else {
        steps.set(iterator, toStep(iterator));
        yield result.value;
      }
    }
  } finally {
    for (const [iterator, step] of steps) {
      step.catch(ignore);
      // Not awaited: one that is in the middle of a step comes to its end only when that is over.
      iterator.return?.().catch(ignore);
    }
  }
}

async function toStep<Item>(iterator: AsyncIterator<Item>) {
  return { iterator, result: await iterator.next() };
}

function ignore(): void {}
