import { RunError } from '../run-error.ts';
import type { RunObserver, RunRecord } from './run-record.ts';

export type LiveRuns = {
  observer: RunObserver;
  /** The running ones, the oldest first. */
  list: () => readonly Readonly<RunRecord>[];
  /** Those that ended last, the newest first. */
  recent: () => readonly Readonly<RunRecord>[];
  /** Ends the run with this id; its caller is told `cancelled`. `false` when there is none. */
  stop: (id: string) => boolean;
};

/** Makes the list of what runs now, and of the last `keepRecent` (default 20) that ended. */
export function createLiveRuns({ keepRecent = 20 }: { keepRecent?: number } = {}): LiveRuns {
  const running = new Map<Readonly<RunRecord>, (reason: unknown) => void>();
  const recent: Readonly<RunRecord>[] = [];

  return {
    observer: {
      started: (record, stop) => void running.set(record, stop),
      ended(record) {
        running.delete(record);
        recent.unshift(record);
        recent.splice(keepRecent);
      },
    },
    list: () => [...running.keys()],
    recent: () => [...recent],
    stop(id) {
      const found = [...running].filter(([record]) => record.id === id);
      found.forEach(([, stop]) => stop(toStopped()));
      return found.length > 0;
    },
  };
}

function toStopped() {
  return new RunError('cancelled', 'The operator of this server stopped the request.');
}
