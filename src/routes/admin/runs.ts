import type { Context, Handler } from 'hono';

import type { AppEnv } from '../../http/variables.ts';
import type { RunRecord } from '../../observation/run-record.ts';
import { RunError } from '../../run-error.ts';
import type { AdminParts } from './admin-parts.ts';

/** `GET /api/admin/runs`: what runs, the oldest first, and what ended last, the newest first. */
export function listRuns({ watch: { live } }: AdminParts): Handler<AppEnv> {
  return (c) => c.json({ running: live.list().map(toBody), recent: live.recent().map(toBody) });
}

/** `DELETE /api/admin/runs/{id}`: ends a run; its caller is told `cancelled`. Throws `not-found`. */
export function stopRun({ watch: { live } }: AdminParts) {
  return (c: Context<AppEnv, '/api/admin/runs/:id'>): Response => {
    const id = c.req.param('id');
    if (!live.stop(id)) throw new RunError('not-found', 'No request with this id is running.');
    return c.json({ id, stopped: true });
  };
}

function toBody(record: Readonly<RunRecord>) {
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
