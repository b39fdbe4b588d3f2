import type { Context } from 'hono';

import type { Validated } from '../../http/body/validate.ts';
import type { AppEnv } from '../../http/variables.ts';
import type { WorkerChange } from '../../openapi/answers/admin.ts';
import { RunError } from '../../run-error.ts';
import type { AdminParts } from './admin-parts.ts';

type OneWorker = '/api/admin/workers/:id';

/** `PATCH /api/admin/workers/{id}`. Throws `not-found`. */
export function changeWorker({ health }: AdminParts) {
  return async (c: Context<AppEnv, OneWorker, Validated<WorkerChange>>): Promise<Response> => {
    const id = c.req.param('id');
    const { isDraining } = c.req.valid('json');
    await getCluster(health).setDraining(id, isDraining);
    return c.json({ id, isDraining });
  };
}

/** `DELETE /api/admin/workers/{id}`: it finishes what it has and leaves, as after SIGTERM. Throws `not-found`. */
export function removeWorker({ health }: AdminParts) {
  return async (c: Context<AppEnv, OneWorker>): Promise<Response> => {
    const id = c.req.param('id');
    await getCluster(health).remove(id);
    return c.json({ id, removed: true });
  };
}

function getCluster({ cluster }: AdminParts['health']) {
  if (!cluster) throw new RunError('not-found', 'This server is no cluster, and has no workers.');
  return cluster;
}
