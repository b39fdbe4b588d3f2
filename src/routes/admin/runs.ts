import type { Context, Handler } from 'hono';

import type { AppEnv } from '../../http/variables.ts';
import type { SeenRun } from '../../observation/all-runs.ts';
import type { RunRecord } from '../../observation/run-record.ts';
import type { AdminParts } from './admin-parts.ts';

/** `GET /api/admin/runs`: what runs, the oldest first, and what ended last, the newest first; in a cluster at all fronts. */
export function listRuns({ watch: { runs } }: AdminParts): Handler<AppEnv> {
  return async (c) => {
    const { running, recent, silent } = await runs.read();
    return c.json({ running: running.map(toBody), recent: recent.map(toBody), silent });
  };
}

/** `DELETE /api/admin/runs/{id}`: ends a run, at whichever front; its caller is told `cancelled`. Throws `not-found`. */
export function stopRun({ watch: { runs } }: AdminParts) {
  return async (c: Context<AppEnv, '/api/admin/runs/:id'>): Promise<Response> => {
    const id = c.req.param('id');
    await runs.stop(id);
    return c.json({ id, stopped: true });
  };
}

function toBody({ record, front, worker }: SeenRun) {
  const { id, keyId: key, dialect, isAgent, model, requestedModel, startedAtMs } = record;
  const { outcome, reachedMs, firstTokenMs, totalMs, usage, costUsd } = record;
  return {
    id,
    key,
    dialect,
    isAgent,
    model: model ?? requestedModel,
    startedAt: new Date(startedAtMs).toISOString(),
    ms: totalMs ?? Date.now() - startedAtMs,
    queuedMs: reachedMs.placed ?? null,
    boundMs: reachedMs.bound ?? null,
    firstTokenMs: firstTokenMs ?? null,
    tokens: { input: toInputTokens(usage), output: toOutputTokens(record) },
    costUsd: costUsd ?? null,
    outcome: outcome ?? 'running',
    front: front ?? null,
    worker: worker ?? null,
  };
}

/** A guess while it runs: the API tells only at the end. */
export function toOutputTokens({ usage, characters, outcome }: Readonly<RunRecord>): number {
  return outcome === undefined ? Math.max(usage.output, Math.ceil(characters / 4)) : usage.output;
}

/** Those read from and written to the cache included. */
export function toInputTokens({ input, cacheRead, cacheWrite }: RunRecord['usage']): number {
  return input + cacheRead + cacheWrite;
}
