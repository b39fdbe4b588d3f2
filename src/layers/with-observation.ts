import { toRunError } from '../run-error.ts';
import { isAgentOnly } from '../run-answer.ts';
import type { Run, RunEvent, RunProgress, RunRequest } from '../run.ts';
import type { RunObserver, RunRecord } from '../observation/run-record.ts';

const LONGEST_MODEL_NAME = 100;

/**
 * Keeps a record of every run, from which log, metrics, live list and history read, and lets each of
 * them stop it. The outermost layer, one for each dialect.
 */
export function withObservation(
  run: Run,
  observer: RunObserver,
  { dialect, now = () => performance.now() }: { dialect: string; now?: () => number },
): Run {
  return async function* observed(request, signal) {
    const startedAt = now();
    const elapsed = () => Math.round(now() - startedAt);
    const record = toRecord(request, dialect);
    const stop = new AbortController();
    observer.started?.(record, (reason) => stop.abort(reason));
    try {
      const events = run(request, AbortSignal.any([signal, stop.signal]));
      for await (const event of events) {
        note(record, event, elapsed);
        yield event;
      }
    } catch (error) {
      record.failure = toRunError(error);
      record.outcome = record.failure.code;
      throw error;
    } finally {
      record.totalMs = elapsed();
      record.outcome ??= 'cancelled'; // the reader left before the end
      observer.ended?.(record);
    }
  };
}

function toRecord({ model, agent, caller }: RunRequest, dialect: string): RunRecord {
  return {
    id: caller.requestId,
    keyId: caller.keyId,
    dialect,
    isAgent: agent !== undefined,
    requestedModel: model.slice(0, LONGEST_MODEL_NAME),
    model: undefined,
    startedAtMs: Date.now(),
    reachedMs: {},
    firstTokenMs: undefined,
    totalMs: undefined,
    usage: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: undefined },
    characters: 0,
    costUsd: undefined,
    outcome: undefined,
    failure: undefined,
  };
}

function note(record: RunRecord, event: RunEvent | RunProgress, elapsed: () => number) {
  if (isAgentOnly(event)) return;
  switch (event.type) {
    case 'run-progress':
      record.reachedMs[event.step] ??= elapsed();
      break;
    case 'run-start':
      record.model = event.model;
      record.usage = event.usage;
      break;
    case 'part-delta':
      record.firstTokenMs ??= elapsed();
      record.characters += event.delta.length;
      break;
    case 'run-end':
      record.usage = event.usage;
      record.costUsd = event.agent?.costUsd;
      record.outcome = event.finish;
      break;
    case 'part-start':
    case 'part-signature':
    case 'part-end':
      break;
  }
}
