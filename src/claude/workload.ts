import type { Load } from './spares.ts';

/** How many runs are running and waiting, and how many may run at once. */
export type QueueCounts = { running: number; waiting: number; concurrency: number };

/** How busy the server is, so that processes are started ahead only in quiet moments. */
export type Workload = {
  load: () => Load;
  /** Resolves at the next change. */
  changed: () => Promise<void>;
  /** Call when the load may have changed. */
  noteChange: () => void;
};

export type WorkloadSources = {
  queue: () => QueueCounts;
  /** How many callers are running tools: they will soon be back with the results. */
  suspended: () => number;
  /** Registers a listener for changes of the queue. */
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

/** How busy the server is, by its queue and the callers who will be back. */
export function toLoad({ running, waiting, concurrency }: QueueCounts, suspended: number): Load {
  if (running + waiting === 0) return suspended === 0 ? 'none' : 'some';
  return waiting === 0 && running < concurrency ? 'some' : 'full';
}
