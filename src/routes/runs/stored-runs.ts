import type { Context } from 'hono';

import type { RunBook } from '../../agent-runs/run-book.ts';
import { isRunState } from '../../agent-runs/run-store.ts';
import type { AppEnv } from '../../http/variables.ts';
import { RunError } from '../../run-error.ts';
import { readLimit } from '../read-number.ts';
import { toListedRun, toRunView } from './to-run-view.ts';

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 100;

type IdContext = Context<AppEnv, '/:id'>;

/** `GET /api/runs`: the caller's own, the newest first. */
export function listRuns(book: RunBook) {
  return async (c: Context<AppEnv>): Promise<Response> => {
    const limit = readLimit(c.req.query('limit'), DEFAULT_LIMIT, MAX_LIMIT);
    const { state, session, before } = c.req.query();
    if (state !== undefined && !isRunState(state)) {
      throw new RunError('invalid-request', 'There is no such state.', { param: 'state' });
    }
    const filter = { state, sessionId: session, before, limit: limit + 1 };
    const runs = await book.list(c.var.caller.keyId, filter);
    return c.json({ runs: runs.slice(0, limit).map(toListedRun), hasMore: runs.length > limit });
  };
}

/** `GET /api/runs/{id}` */
export function getRun(book: RunBook) {
  return async (c: IdContext): Promise<Response> =>
    c.json(toRunView(await book.get(c.req.param('id'), c.var.caller.keyId)));
}

/** `DELETE /api/runs/{id}`: one that has ended already is answered as it is. */
export function cancelRun(book: RunBook) {
  return async (c: IdContext): Promise<Response> =>
    c.json(toRunView(await book.cancel(c.req.param('id'), c.var.caller.keyId)));
}

/** `DELETE /api/runs/{id}/record`: nothing of the run is kept; its session stays. */
export function deleteRunRecord(book: RunBook) {
  return async (c: IdContext): Promise<Response> => {
    const id = c.req.param('id');
    await book.remove(id, c.var.caller.keyId);
    return c.json({ id, deleted: true });
  };
}
