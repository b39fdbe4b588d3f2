import type { Message, RunRequest } from '../../run.ts';
import { toTurnSettings, type TurnSettings } from './bind.ts';
import { bindProcess, type ChatProcess } from './chat-process.ts';
import type { ClientTools } from './client-tools.ts';
import type { KeptProcesses } from './kept-processes.ts';
import type { ResumeChat } from './resume-chat.ts';
import type { Spares } from '../spares.ts';

/** Finds the process for a request: the one that holds its conversation, a used one, a spare, a new one. */
export type OpenChat = (
  request: RunRequest,
  tools: ClientTools,
  signal: AbortSignal,
) => Promise<ChatProcess>;

export type OpenChatParts = {
  kept: KeptProcesses;
  spares: Spares;
  /** Used for histories that would take longer to replay. Default: none is. */
  resume?: () => ResumeChat | undefined;
  /** Whether the CLI or its login changed since the last call. */
  hasChanged: () => Promise<boolean>;
  /** Ends what was started before that. */
  retire: () => void;
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
  resume = () => undefined,
  hasChanged,
  retire,
  remember,
}: OpenChatParts): OpenChat {
  return async (request, tools, signal) => {
    remember(toTurnSettings(request));
    if (await hasChanged()) retire();
    const leastHeld = toLeastHeld(request.messages);
    const found = await kept.take(request, leastHeld);
    if (found) return found;
    const resumed = leastHeld > 0 && (await resume()?.(request, tools, signal));
    if (resumed) return resumed;
    const spare = await spares.take(signal);
    const leave = () => void spare.process.end();
    signal.addEventListener('abort', leave, { once: true });
    try {
      signal.throwIfAborted();
      return await bindProcess(spare, tools, request);
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
