import { z } from 'zod';

import { roundUsd } from '../../common/round-usd.ts';
import type { TokenUsage } from '../../run.ts';
import { ModelUsage } from '../process/protocol.ts';

/** What a session has used since it began, its sub-agents included. */
export type Spending = { costUsd: number; tokens: TokenUsage };

export const NOTHING_SPENT: Spending = {
  costUsd: 0,
  tokens: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: undefined },
};

const Usage = z.object({
  session: z.object({ total_cost_usd: z.number(), model_usage: ModelUsage }),
});

/** What the CLI notes in a transcript at the end of each process, and begins from when it resumes the session (CLI 2.1.330). */
const CostState = z.object({
  type: z.literal('cost-state'),
  sessionId: z.string(),
  totalCostUSD: z.number(),
  modelUsage: ModelUsage,
});

/** What a session's transcript, of which these are the last lines, says that it spent; `undefined` where it does not. */
export function readNotedSpending(
  lines: readonly string[],
  sessionId: string,
): Spending | undefined {
  const notes = lines.filter((line) => line.includes('"cost-state"')).map(readCostState);
  const last = notes.findLast((note) => note?.sessionId === sessionId);
  return last && toSpending(last.totalCostUSD, last.modelUsage);
}

function readCostState(line: string) {
  try {
    return CostState.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined; // a line that was cut off
  }
}

/**
 * Reads the answer to `get_usage`: before the first prompt it is what earlier processes spent, those of
 * the session that this one was forked from among them (CLI 2.1.330, 4–13 ms).
 */
export function readSpending(answer: unknown): Spending {
  const { data } = Usage.safeParse(answer);
  if (!data) return NOTHING_SPENT;
  return toSpending(data.session.total_cost_usd, data.session.model_usage);
}

export function toSpending(costUsd: number, models: ModelUsage): Spending {
  const all = Object.values(models);
  const sum = (pick: (usage: ModelUsage[string]) => number) =>
    all.reduce((total, usage) => total + pick(usage), 0);
  return {
    costUsd,
    tokens: {
      input: sum(({ inputTokens }) => inputTokens),
      output: sum(({ outputTokens }) => outputTokens),
      cacheRead: sum(({ cacheReadInputTokens }) => cacheReadInputTokens),
      cacheWrite: sum(({ cacheCreationInputTokens }) => cacheCreationInputTokens),
      reasoning: sum(({ thinkingTokens }) => thinkingTokens ?? 0),
    },
  };
}

/** What was spent between two moments of a session. */
export function toDifference(before: Spending, after: Spending): Spending {
  const { tokens } = before;
  return {
    costUsd: Math.max(0, roundUsd(after.costUsd - before.costUsd)),
    tokens: {
      input: after.tokens.input - tokens.input,
      output: after.tokens.output - tokens.output,
      cacheRead: after.tokens.cacheRead - tokens.cacheRead,
      cacheWrite: after.tokens.cacheWrite - tokens.cacheWrite,
      reasoning: (after.tokens.reasoning ?? 0) - (tokens.reasoning ?? 0),
    },
  };
}
