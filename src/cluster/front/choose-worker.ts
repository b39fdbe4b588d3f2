import type { WorkerFacts } from '../worker-list.ts';

export type ChooseWorkerOptions = {
  /** Those that may have the run. */
  workers: readonly WorkerFacts[];
  /** The only one that is to be chosen, if any. */
  holder: string | undefined;
  front: string;
  /** Runs of this front at each worker now, those on their way to it too. */
  mine: ReadonlyMap<string, number>;
};

/**
 * The worker that is offered a run: its holder, or else the one with the most free places, by chance among several.
 * `undefined` when no place is free there, as far as is known: what the other fronts gave is as it was at the last look.
 */
export function chooseWorker(options: ChooseWorkerOptions): string | undefined {
  const { workers, holder } = options;
  const able = workers
    .filter(({ id }) => holder === undefined || id === holder)
    .map((worker) => ({ id: worker.id, free: countFree(worker, options) }))
    .filter(({ free }) => free > 0);
  const most = Math.max(...able.map(({ free }) => free));
  const best = able.filter(({ free }) => free === most);
  return best[Math.floor(Math.random() * best.length)]?.id;
}

/** Of this front's own runs it is known which have begun and ended since the worker last told of itself. */
function countFree(
  { id, places, running, fronts }: WorkerFacts,
  { front, mine }: ChooseWorkerOptions,
) {
  if (!fronts) return 0; // it takes no offers
  const since = (mine.get(id) ?? 0) - (fronts[front] ?? 0);
  return places - running - since;
}
