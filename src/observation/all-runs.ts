import { RunError } from '../run-error.ts';
import type { LiveRuns } from './live-runs.ts';
import type { RunRecord } from './run-record.ts';

/** A server of a cluster; several may be on one host. */
export type NamedServer = { id: string; host: string };

/** A run, and in a cluster the front that has its caller, and the worker that carries it out, as far as it is known. */
export type SeenRun = {
  record: Readonly<RunRecord>;
  front?: NamedServer | undefined;
  worker?: NamedServer | undefined;
};

export type SeenRuns = {
  /** The oldest first. */
  running: readonly SeenRun[];
  /** Those that ended last, the newest first. */
  recent: readonly SeenRun[];
  /** Fronts that did not answer in time: what runs there is not known. */
  silent: readonly NamedServer[];
};

/** The runs of a server, or of all servers of a cluster. */
export type AllRuns = {
  read: () => Promise<SeenRuns>;
  /**
   * Ends the run with this id; its caller is told `cancelled`. Throws `not-found` when there is none, and
   * `queue-timeout` when it may be at a server that does not answer.
   */
  stop: (id: string) => Promise<void>;
};

/** The runs of a server that is alone. */
export function createOwnRuns(live: LiveRuns): AllRuns {
  return {
    read: async () => ({
      running: live.list().map((record) => ({ record })),
      recent: live.recent().map((record) => ({ record })),
      silent: [],
    }),
    async stop(id) {
      if (!live.stop(id)) throw toNoRun();
    },
  };
}

/** What is said of a run that is not there. */
export function toNoRun(): RunError {
  return new RunError('not-found', 'No request with this id is running.');
}
