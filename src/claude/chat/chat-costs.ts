import { roundUsd } from '../../common/round-usd.ts';
import type { Caller } from '../../run.ts';
import type { RunCost } from '../process/run-cost.ts';
import type { ChatProcess } from './chat-process.ts';

export type ChatCosts = {
  /** Notes who pays for what the process does from here on. */
  charge: (chat: ChatProcess, caller: Caller) => void;
};

/**
 * Reads what chats cost. The `result` of a turn tells it, behind the answer or the interrupt, as a running
 * total of the process (CLI 2.1.332): so a tool loop is paid for when its turn ends, by whoever asked last.
 */
export function createChatCosts(onCost: (cost: RunCost) => void): ChatCosts {
  const callers = new WeakMap<ChatProcess, Caller>();

  return {
    charge(chat, caller) {
      const isWatched = callers.has(chat);
      callers.set(chat, caller);
      if (!isWatched) watch(chat);
    },
  };

  function watch(chat: ChatProcess) {
    let results = 0;
    let toldUsd = 0;
    const tell = (costUsd: number | undefined) => {
      const caller = callers.get(chat);
      if (caller) onCost({ caller, costUsd });
    };
    chat.process.onResult(({ total_cost_usd: totalUsd }) => {
      results += 1;
      const costUsd = roundUsd((totalUsd ?? toldUsd) - toldUsd);
      toldUsd = totalUsd ?? toldUsd;
      if (costUsd > 0) tell(costUsd);
    });
    void chat.process.exited.then(() => results < chat.begun && tell(undefined));
  }
}
