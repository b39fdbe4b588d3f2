import { endWhenAborted } from '../process/end-when-aborted.ts';
import type { Spares } from '../spares.ts';
import { bindProcess } from './bind.ts';
import type { ChatProcess } from './chat-process.ts';
import { canUseSpare, type ChatTurn } from './chat-turn.ts';
import { type HistoryPace, toLeastHeld } from './histories/history-pace.ts';
import type { ResumeAhead } from './histories/resume-ahead.ts';
import type { KeptProcesses } from './kept-processes.ts';
import type { ResumeChat } from './histories/resume-chat.ts';
import type { TurnSettings } from './turn-settings.ts';

/** Finds a process for a turn: the one begun for it, the one that holds its conversation, else a used one, a spare, a new one. */
export type OpenChat = (turn: ChatTurn, signal: AbortSignal) => Promise<ChatProcess>;

export type OpenChatParts = {
  kept: KeptProcesses;
  spares: Spares;
  /** For histories that would take longer to replay. */
  resume: ResumeChat;
  /** What was begun while the turn's request waited for its place. */
  ahead: ResumeAhead;
  pace: HistoryPace;
  /** Not initialized yet, for turns that no spare can serve. */
  blanks: Spares;
  /** Ends what was started before the CLI or its login changed. */
  retireIfChanged: () => void;
  /** Called with each turn's settings: the next turn will likely want the same. */
  onTurn: (settings: TurnSettings) => void;
};

export function createOpenChat({
  kept,
  spares,
  resume,
  ahead,
  pace,
  blanks,
  retireIfChanged,
  onTurn,
}: OpenChatParts): OpenChat {
  return async (turn, signal) => {
    onTurn(turn.settings);
    retireIfChanged();
    const begun = await ahead.take(turn, signal);
    if (begun) return begun;
    const leastHeld = toLeastHeld(turn.request.messages, pace.mostReplayed());
    const found = await kept.take(turn, leastHeld);
    if (found) return found;
    const resumed = leastHeld > 0 && (await resume(turn, signal));
    if (resumed) return resumed;
    const spare = await (canUseSpare(turn) ? spares : blanks).take(signal);
    using _ending = endWhenAborted(spare.process, signal);
    try {
      signal.throwIfAborted();
      return await bindProcess(spare, turn);
    } catch (error) {
      void spare.process.end();
      throw error;
    }
  };
}
