import type { Steering } from '../backend.ts';
import { RunError } from '../run-error.ts';
import type { RunEvent } from '../run.ts';
import {
  isEnded,
  type RunFilter,
  type RunStore,
  type StoredEvent,
  type StoredRun,
} from './run-store.ts';

type TaskEvent = Extract<RunEvent, { type: 'task' }>;

/** Something that a run began in the background, and how it stands. */
type RunTask = TaskEvent['task'] & Pick<TaskEvent, 'status'>;

/** What a key may see of runs, and do with them: its own ones only. */
export type OwnedRuns = {
  /** Throws `not-found`, for another key's run as for none. */
  get: (id: string, keyId: string) => Promise<StoredRun>;
  list: (keyId: string, filter: RunFilter) => Promise<readonly StoredRun[]>;
  /** What a run began in the background, and what became of that. */
  listTasks: (id: string, keyId: string) => Promise<readonly RunTask[]>;
  /** What speaks to a run. Throws `conflict` for one that has ended. */
  steer: (id: string, keyId: string) => Promise<Steering>;
  /** Removes an ended run with its events. Throws `conflict` for one that goes on. */
  remove: (id: string, keyId: string) => Promise<void>;
};

type OwnedRunsOptions = {
  store: Pick<RunStore, 'read' | 'list' | 'listEventsOf' | 'remove'>;
  /** Speaks to runs. */
  steering: Steering;
};

export function createOwnedRuns({ store, steering }: OwnedRunsOptions): OwnedRuns {
  const get: OwnedRuns['get'] = async (id, keyId) => {
    const run = await store.read(id);
    if (run?.keyId === keyId) return run;
    throw new RunError('not-found', 'There is no run with this id.', { param: 'id' });
  };

  return {
    get,
    list: store.list,
    async listTasks(id, keyId) {
      await get(id, keyId);
      return toTasks(await store.listEventsOf(id, 'task'));
    },
    async steer(id, keyId) {
      if (!isEnded(await get(id, keyId))) return steering;
      throw new RunError('conflict', 'The run has ended.', { param: 'id' });
    },
    async remove(id, keyId) {
      if (!isEnded(await get(id, keyId))) {
        throw new RunError('conflict', 'The run goes on; cancel it first.', { param: 'id' });
      }
      await store.remove(id);
    },
  };
}

/** The last word of each task, from a run's events of the type `task`. */
function toTasks(events: readonly StoredEvent[]): readonly RunTask[] {
  const tasks = new Map<string, RunTask>();
  for (const { data } of events) {
    const { task, status } = JSON.parse(data) as TaskEvent; // as the recorder wrote it
    tasks.set(task.id, { ...task, status });
  }
  return [...tasks.values()];
}
