import type { WorkerFacts } from '../worker-list.ts';

export type ListFreeOptions = {
  /** Those that may have a run. */
  workers: readonly WorkerFacts[];
  front: string;
  /** Runs of this front at each worker now, those on their way to it too. */
  mine: ReadonlyMap<string, number>;
};

/**
 * The workers that have a free place and take offers, as far as is known: those with the most come first, by chance among
 * several. What other fronts gave is as it was at the last look.
 */
export function listFree(options: ListFreeOptions): string[] {
  return options.workers
    .map((worker) => ({
      id: worker.id,
      free: countFree(worker, options),
      chance: Math.random(),
    }))
    .filter(({ free }) => free > 0)
    .toSorted((one, other) => other.free - one.free || one.chance - other.chance)
    .map(({ id }) => id);
}

/** Of this front's own runs it is known which have begun and ended since the worker last told of itself. */
function countFree({ id, places, running, fronts }: WorkerFacts, { front, mine }: ListFreeOptions) {
  if (!fronts) return 0; // it takes no offers
  const since = (mine.get(id) ?? 0) - (fronts[front] ?? 0);
  return places - running - since;
}
