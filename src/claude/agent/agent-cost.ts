import type { CliProcess } from '../process/cli-process.ts';
import type { ResultLine } from '../process/protocol.ts';
import { type Spending, toDifference, toSpending } from './spending.ts';

/**
 * Reads what an agent's run cost that fails or is cancelled. The CLI tells it in the `result` of a turn, also
 * of one that failed or was interrupted, as the total of the session (CLI 2.1.332).
 */
export function createAgentCost(process: Pick<CliProcess, 'onResult'>) {
  let before: Spending | undefined;
  let isTold = false;
  let last: ResultLine | undefined;
  process.onResult((line) => {
    last = line;
  });

  return {
    /** From here on it can cost something; the session had spent this much before. */
    begin(spent: Spending) {
      before = spent;
    },
    /** The run came to its end, which tells it. */
    isTold() {
      isTold = true;
    },
    isOpen: () => before !== undefined && !isTold,
    /** In US dollars; `undefined` when the process did not tell. */
    read() {
      const total = last?.total_cost_usd;
      if (before === undefined || total == null) return undefined;
      return toDifference(before, toSpending(total, {})).costUsd;
    },
  };
}
