import type { CliProcess } from '../process/cli-process.ts';
import type { ResultLine } from '../process/protocol.ts';
import { type Spending, toDifference, toSpending } from './spending.ts';

/**
 * Reads the cost of an agent's run that fails or is cancelled. The CLI reports it in the `result` of a turn, even
 * of one that failed or was interrupted, as the total of the session (CLI 2.1.332).
 */
export function createAgentCost(process: Pick<CliProcess, 'onResult'>) {
  let before: Spending | undefined;
  let isReported = false;
  let last: ResultLine | undefined;
  process.onResult((line) => {
    last = line;
  });

  return {
    /** The run begins to cost something; its session had spent this much before. */
    begin(spent: Spending) {
      before = spent;
    },
    /** The run ended normally: its `run-end` has the cost. */
    setReported() {
      isReported = true;
    },
    /** Whether the cost is to be reported still. */
    isOpen: () => before !== undefined && !isReported,
    /** In US dollars; `undefined` when the process did not report it. */
    read() {
      const total = last?.total_cost_usd;
      if (before === undefined || total == null) return undefined;
      return toDifference(before, toSpending(total, {})).costUsd;
    },
  };
}
