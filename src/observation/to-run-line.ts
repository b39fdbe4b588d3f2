import type { RunRecord } from './run-record.ts';

/** What a log line says of a run. A list of fields, so that nothing else can get there. */
export function toRunLine(record: Readonly<RunRecord>): object {
  const { dialect, model, requestedModel, reachedMs, firstTokenMs, totalMs, usage, costUsd } =
    record;
  const { input, output, cacheRead, cacheWrite } = usage;
  return {
    dialect,
    model: model ?? requestedModel,
    outcome: record.outcome ?? 'running',
    queuedMs: reachedMs.placed,
    boundMs: reachedMs.bound,
    firstTokenMs,
    totalMs,
    tokens: { input, output, cacheRead, cacheWrite },
    costUsd,
  };
}
