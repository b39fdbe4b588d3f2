import type { StoredRun } from '../../agent-runs/run-store.ts';
import { toCostUsd } from '../../agent-runs/to-cost.ts';

const SHOWN_PROMPT_CHARACTERS = 200;

/** A run as its owner sees it, without its answer. */
export function toListedRun(run: StoredRun) {
  const { id, state, sessionId, model, isBackground, resumedFrom, body } = run;
  return {
    id,
    state,
    sessionId: sessionId ?? null,
    model,
    prompt: String(body['prompt']).slice(0, SHOWN_PROMPT_CHARACTERS),
    background: isBackground,
    resumedFrom: resumedFrom ?? null,
    createdAt: new Date(run.createdAt).toISOString(),
    costUsd: toCostUsd(run),
    endedAt: run.endedAt === undefined ? null : new Date(run.endedAt).toISOString(),
  };
}

/** A run with its answer, or with why it failed, as soon as there is one. */
export function toRunView(run: StoredRun) {
  const error = run.failure?.['error'] ?? null;
  return { ...toListedRun(run), answer: run.answer ?? null, error };
}
