import type { Message } from '../../run.ts';
import type { Spares } from '../spares.ts';
import { bindProcess } from './bind.ts';
import type { ChatProcess } from './chat-process.ts';
import { canUseSpare, type ChatTurn } from './chat-turn.ts';
import type { KeptProcesses } from './kept-processes.ts';
import type { ResumeChat } from './resume-chat.ts';
import { toTurnSettings, type TurnSettings } from './turn-settings.ts';

/** Finds the process for a turn: the one that holds its conversation, a used one, a spare, a new one. */
export type OpenChat = (turn: ChatTurn, signal: AbortSignal) => Promise<ChatProcess>;

export type OpenChatParts = {
  kept: KeptProcesses;
  spares: Spares;
  /** Used for histories that would take longer to replay; `undefined` when it could not be used. */
  resume: ResumeChat;
  /** For turns that a process has to be told of at first. */
  blanks: Spares;
  /** Ends what was started before the CLI or its login changed. */
  retireIfChanged: () => Promise<void>;
  /** Told what each request wants: the next one will likely want the same. */
  remember: (settings: TurnSettings) => void;
};

/**
 * So many of the caller's earlier messages are replayed, at most. With more, a new process that reads
 * them all at its start wins; they took equally long with 75 and with 100 of them in two runs of the
 * benchmark.
 */
const MOST_REPLAYED = 75;

export function createOpenChat({
  kept,
  spares,
  resume,
  blanks,
  retireIfChanged,
  remember,
}: OpenChatParts): OpenChat {
  return async (turn, signal) => {
    remember(toTurnSettings(turn));
    await retireIfChanged();
    const leastHeld = toLeastHeld(turn.request.messages);
    const found = await kept.take(turn, leastHeld);
    if (found) return found;
    const resumed = leastHeld > 0 && (await resume(turn, signal));
    if (resumed) return resumed;
    const spare = await (canUseSpare(turn) ? spares : blanks).take(signal);
    const leave = () => void spare.process.end();
    signal.addEventListener('abort', leave, { once: true });
    try {
      signal.throwIfAborted();
      return await bindProcess(spare, turn);
    } catch (error) {
      leave();
      throw error;
    } finally {
      signal.removeEventListener('abort', leave);
    }
  };
}

/** How many messages a process must hold, so that replaying the others is the faster way. */
function toLeastHeld(messages: readonly Message[]) {
  const said = messages.slice(0, -1).flatMap(({ role }, index) => (role === 'user' ? [index] : []));
  return said.at(-MOST_REPLAYED - 1) === undefined ? 0 : (said.at(-MOST_REPLAYED) ?? 0);
}
