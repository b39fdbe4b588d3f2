import type { RunAnswer } from '../../run-answer.ts';
import { toText } from '../../run-answer.ts';
import type { Exchange } from '../dialect.ts';
import type { RunBody } from './body.ts';

/** The whole answer of `/api/run`. */
export function toAnswer(
  answer: RunAnswer,
  { requestId, arrivedAtMs }: Exchange<RunBody>,
  now: () => number = Date.now,
): object {
  const { start, end } = answer;
  return {
    id: requestId,
    result: end.agent?.result ?? toText(answer),
    sessionId: start.sessionId ?? null,
    durationMs: now() - arrivedAtMs,
    usage: end.usage,
    costUsd: end.agent?.costUsd ?? 0,
    model: start.model,
    stopReason: end.finish,
    turns: end.agent?.turns ?? 1,
    permissionDenials: end.agent?.permissionDenials ?? [],
    stoppedTasks: end.agent?.stoppedTasks ?? [],
    structuredOutput: end.agent?.structuredOutput ?? null,
  };
}
