import type { AgentSummary, AgentTask, RunEnd, RunFinish } from '../../run.ts';
import { toTurnError } from '../process/failures.ts';
import type { ResultLine } from '../process/protocol.ts';
import { toFinish, toTokenUsage } from '../process/to-run-event.ts';
import { type Spending, toDifference, toSpending } from './spending.ts';

/** How an agent's run ends that reached a limit set by its caller, which is no failure. */
const LIMITS: Readonly<Record<string, RunFinish>> = {
  error_max_turns: 'max-turns',
  error_max_budget_usd: 'max-budget',
};

/**
 * Collects the answer of a run from its turns: the turn of the prompt, and the later ones in which the CLI
 * hands reports of background tasks to the model.
 */
export function createAgentAnswer(before: Spending) {
  const results: ResultLine[] = [];

  return {
    /** Throws the `RunError` of a turn that failed. */
    add(
      result: ResultLine,
      { isCut, ...asked }: { model: string; hasRetried: boolean; isCut: boolean },
    ) {
      const isFailed = result.is_error || result.subtype !== 'success';
      if (isFailed && !isLimit(result) && !isCut) throw toTurnError(result, asked);
      results.push(result);
    },
    hasResult: () => results.length > 0,
    toEnd(stoppedTasks: readonly AgentTask[]): RunEnd {
      const last = results.at(-1);
      const spent = toSpent(results, before);
      return {
        type: 'run-end',
        finish: last ? toAgentFinish(last) : 'stop',
        stopSequence: undefined,
        usage: spent.tokens,
        agent: toSummary(results, spent.costUsd, stoppedTasks),
      };
    },
  };
}

/** Whether the caller's own limits ended the turn, and nothing follows. */
export function isLimit({ subtype }: ResultLine): boolean {
  return subtype in LIMITS;
}

/** Whether the turn ended where somebody stopped it: `aborted_streaming`, `aborted_tools` (CLI 2.1.330). */
export function isAborted({ terminal_reason: reason }: ResultLine): boolean {
  return reason?.startsWith('aborted') ?? false;
}

/** To the CLI a structured answer is a tool call; to the caller it is a normal end. */
function toAgentFinish(result: ResultLine): RunFinish {
  const { subtype, stop_reason: stopReason } = result;
  if (isAborted(result)) return 'interrupted';
  const finish = LIMITS[subtype] ?? toFinish(stopReason ?? 'end_turn');
  return finish === 'tool-calls' ? 'stop' : finish;
}

/** The totals of the session, less what it had spent before; a CLI without totals reports each turn on its own. */
function toSpent(results: readonly ResultLine[], before: Spending): Spending {
  const { total_cost_usd: cost, modelUsage: models, usage } = results.at(-1) ?? {};
  const after = toSpending(cost ?? before.costUsd, models ?? {});
  const { costUsd, tokens } = toDifference(before, after);
  return { costUsd, tokens: models ? tokens : toTokenUsage(usage ?? {}) };
}

function toSummary(
  results: readonly ResultLine[],
  costUsd: number,
  stoppedTasks: readonly AgentTask[],
): AgentSummary {
  const newestFirst = results.toReversed();
  const withJson = newestFirst.find(({ structured_output: json }) => json != null);
  return {
    result: newestFirst.find(({ result }) => result)?.result ?? '',
    turns: results.reduce((sum, { num_turns: turns }) => sum + turns, 0),
    costUsd,
    permissionDenials: results
      .flatMap(({ permission_denials: denials }) => denials ?? [])
      .map((denial) => ({
        toolName: denial.tool_name,
        toolUseId: denial.tool_use_id,
        toolInput: denial.tool_input,
      })),
    stoppedTasks,
    structuredOutput: withJson?.structured_output,
  };
}
