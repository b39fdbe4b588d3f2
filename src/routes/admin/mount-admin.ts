import type { Hono } from 'hono';

import { KeyRules, NewKey, Rotation } from '../../keys/api-key.ts';
import { requireAdmin } from '../../http/require-scope.ts';
import { validate } from '../../http/body/validate.ts';
import type { AppEnv } from '../../http/variables.ts';
import { WorkerChange } from '../../openapi/answers/admin.ts';
import { metrics } from '../metrics.ts';
import type { AdminParts } from './admin-parts.ts';
import { getHistory } from './history.ts';
import { addKey, changeKey, listKeys, revokeKey, rotateKey } from './keys.ts';
import { listRequests } from './requests.ts';
import { listRuns, stopRun } from './runs.ts';
import { getServerStatus } from './server-status.ts';
import { getUsage } from './usage.ts';
import { changeWorker, removeWorker } from './workers.ts';

/** Every route that shows or ends what other callers do. Stands behind `authenticate`. */
export function mountAdmin(app: Hono<AppEnv>, parts: AdminParts): void {
  app.get('/metrics', requireAdmin, metrics(parts.watch.metrics));
  app.use('/api/admin/*', requireAdmin);
  app.get('/api/admin/status', getServerStatus(parts));
  app.get('/api/admin/runs', listRuns(parts));
  app.delete('/api/admin/runs/:id', stopRun(parts));
  app.get('/api/admin/history', getHistory(parts));
  app.get('/api/admin/requests', listRequests(parts));
  app.get('/api/admin/usage', getUsage(parts));
  app.get('/api/admin/keys', listKeys(parts));
  app.post('/api/admin/keys', validate(NewKey), addKey(parts));
  app.put('/api/admin/keys/:id', validate(KeyRules), changeKey(parts));
  app.post('/api/admin/keys/:id/rotate', validate(Rotation), rotateKey(parts));
  app.delete('/api/admin/keys/:id', revokeKey(parts));
  app.patch('/api/admin/workers/:id', validate(WorkerChange), changeWorker(parts));
  app.delete('/api/admin/workers/:id', removeWorker(parts));
}
