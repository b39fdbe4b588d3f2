import type { CountTokens, Run, RunRequest } from '../run.ts';
import type { KeyLimits, Visit } from '../limits/key-limits.ts';
import { createTally } from '../limits/tally.ts';

/**
 * Holds each run to its key's limits, from its beginning until its stream has ended, and counts what it
 * used. An agent gets what is left of the key's day as its budget. Throws `rate-limited`.
 */
export function withLimits(run: Run, limits: KeyLimits): Run {
  return async function* runWithinLimits(request, signal) {
    const visit = await limits.enter(request.caller.keyId);
    const tally = createTally();
    try {
      for await (const event of run(withBudget(request, visit), signal)) {
        tally.add(event);
        yield event;
      }
    } finally {
      await visit.leave(tally.spent());
    }
  };
}

/** Counting is a request like any other, and uses no tokens. */
export function countWithinLimits(countTokens: CountTokens, limits: KeyLimits): CountTokens {
  return async (request, signal) => {
    const visit = await limits.enter(request.caller.keyId);
    try {
      return await countTokens(request, signal);
    } finally {
      await visit.leave({ tokens: 0, costUsd: 0 });
    }
  };
}

function withBudget(request: RunRequest, { budgetUsd }: Visit): RunRequest {
  const { agent } = request;
  if (!agent || budgetUsd === undefined) return request;
  const maxBudgetUsd = Math.min(agent.maxBudgetUsd ?? Infinity, budgetUsd);
  return { ...request, agent: { ...agent, maxBudgetUsd } };
}
