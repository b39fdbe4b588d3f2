import type { AgentEvent, AgentTask } from '../../run.ts';
import type { SystemLine } from '../process/system-lines.ts';

type TaskEvent = Extract<AgentEvent, { type: 'task' }>;

/** The CLI's names → ours; newer ones keep the CLI's name. */
const KINDS: Readonly<Record<string, string>> = { local_agent: 'subagent', local_bash: 'command' };

const STATUSES: Readonly<Record<string, TaskEvent['status']>> = {
  completed: 'completed',
  failed: 'failed',
};

/** Follows the background tasks of an agent. */
export function createBackgroundTasks() {
  const running = new Map<string, AgentTask>();

  const begin = (
    id: string,
    kind: string | null | undefined,
    description: string | null | undefined,
  ) => {
    if (running.has(id)) return [];
    const task = { id, kind: toKind(kind), description: description ?? '' };
    running.set(id, task);
    return [{ type: 'task', task, status: 'running' }] as const;
  };

  const end = (id: string, status: TaskEvent['status']) => {
    const task = running.get(id);
    running.delete(id);
    return task ? ([{ type: 'task', task, status }] as const) : [];
  };

  return {
    running: (): readonly AgentTask[] => [...running.values()],
    /** The events of a line about tasks. */
    read(line: SystemLine): readonly TaskEvent[] {
      switch (line.subtype) {
        case 'task_started':
          return line.is_backgrounded ? begin(line.task_id, line.task_type, line.description) : [];
        case 'task_notification':
          return end(line.task_id, STATUSES[line.status] ?? 'stopped');
        case 'background_tasks_changed':
          return line.tasks.flatMap((task) =>
            begin(task.task_id, task.task_type, task.description),
          );
        default:
          return [];
      }
    },
    /** Ends all; yields an event for each. */
    stop: (): readonly TaskEvent[] => [...running.keys()].flatMap((id) => end(id, 'stopped')),
  };
}

function toKind(type: string | null | undefined) {
  return KINDS[type ?? ''] ?? type ?? 'other';
}
