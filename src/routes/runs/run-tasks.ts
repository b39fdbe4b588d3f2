import type { Context } from 'hono';

import type { RunBook } from '../../agent-runs/run-book.ts';
import type { AppEnv } from '../../http/variables.ts';
import { RunError } from '../../run-error.ts';

type TaskContext = Context<AppEnv, '/:id/:taskId'>;

/** `GET /api/runs/{id}/tasks`: what it began in the background, and what became of that. */
export function listTasks(book: RunBook) {
  return async (c: Context<AppEnv, '/:id'>): Promise<Response> =>
    c.json({ tasks: await book.listTasks(c.req.param('id'), c.var.caller.keyId) });
}

/** `GET /api/runs/{id}/tasks/{taskId}/output`: the end of it, while the run is at work. */
export function readTaskOutput(book: RunBook) {
  return async (c: TaskContext): Promise<Response> => {
    const { id, taskId } = c.req.param();
    const steering = await book.steer(id, c.var.caller.keyId);
    return c.json(await steering.readTask(id, taskId));
  };
}

/** `DELETE /api/runs/{id}/tasks/{taskId}`: the agent is told, and goes on. */
export function stopTask(book: RunBook) {
  return async (c: TaskContext): Promise<Response> => {
    const { id, taskId } = c.req.param();
    const { keyId } = c.var.caller;
    const steering = await book.steer(id, keyId);
    // The CLI says yes to whatever it is told to stop (CLI 2.1.330).
    const task = (await book.listTasks(id, keyId)).find((one) => one.id === taskId);
    if (!task) throw new RunError('not-found', 'The run has no such task.', { param: 'taskId' });
    if (task.status !== 'running') throw new RunError('conflict', 'The task has ended.');
    await steering.stopTask(id, taskId);
    return c.json({ id: taskId, stopped: true });
  };
}
