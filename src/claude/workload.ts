import type { Load } from './spares.ts';

/** Places in the queue of runs, and who has them. */
export type QueueCounts = { running: number; waiting: number; concurrency: number };

/** How much there is to do, so that starting a process ahead takes nobody's processor time. */
export type Workload = {
  load: () => Load;
  /** Resolves at the next change. */
  changed: () => Promise<void>;
  /** Says that something may have changed. */
  noteChange: () => void;
};

export type WorkloadSources = {
  queue: () => QueueCounts;
  /** Callers whose tools are at work: they will soon be back with the results. */
  suspended: () => number;
  /** Tells of changes of the queue. */
  onChange: (listener: () => void) => void;
};

/** Makes the one place that knows whether it is a quiet moment. */
export function createWorkload(sources: WorkloadSources): Workload {
  let change = Promise.withResolvers<void>();
  const noteChange = () => {
    change.resolve();
    change = Promise.withResolvers();
  };
  sources.onChange(noteChange);
  return {
    load: () => toLoad(sources.queue(), sources.suspended()),
    changed: () => change.promise,
    noteChange,
  };
}

/** What the server has to do, judged by its queue and the callers who will be back. */
export function toLoad({ running, waiting, concurrency }: QueueCounts, suspended: number): Load {
  if (running + waiting === 0) return suspended === 0 ? 'none' : 'some';
  return waiting === 0 && running < concurrency ? 'some' : 'full';
}
