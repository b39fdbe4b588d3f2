import type { RunEvent } from '../run.ts';
import type { StoredEvent } from './run-store.ts';

type TaskEvent = Extract<RunEvent, { type: 'task' }>;

/** Something that a run began in the background, and how it stands. */
export type RunTask = TaskEvent['task'] & Pick<TaskEvent, 'status'>;

/** The last word of each task, from a run's events of the type `task`. */
export function toTasks(events: readonly StoredEvent[]): readonly RunTask[] {
  const tasks = new Map<string, RunTask>();
  for (const { data } of events) {
    const { task, status } = JSON.parse(data) as TaskEvent; // as the recorder wrote it
    tasks.set(task.id, { ...task, status });
  }
  return [...tasks.values()];
}
