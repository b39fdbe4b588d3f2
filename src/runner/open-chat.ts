import type { RunRequest } from '../run.ts';
import { toTurnSettings, type TurnSettings } from './bind.ts';
import { bindProcess, type ChatProcess } from './chat-process.ts';
import type { ClientTools } from './client-tools.ts';
import type { KeptProcesses } from './kept-processes.ts';
import type { Spares } from './spares.ts';

/** Finds the process for a request: the one that holds its conversation, a used one, a spare, a new one. */
export type OpenChat = (
  request: RunRequest,
  tools: ClientTools,
  signal: AbortSignal,
) => Promise<ChatProcess>;

export type OpenChatParts = {
  kept: KeptProcesses;
  spares: Spares;
  /** Whether the CLI or its login changed since the last call. */
  hasChanged: () => Promise<boolean>;
  /** Ends what was started before that. */
  retire: () => void;
  /** Told what each request wants: the next one will likely want the same. */
  remember: (settings: TurnSettings) => void;
};

export function createOpenChat({
  kept,
  spares,
  hasChanged,
  retire,
  remember,
}: OpenChatParts): OpenChat {
  return async (request, tools, signal) => {
    remember(toTurnSettings(request));
    if (await hasChanged()) retire();
    const found = await kept.take(request);
    if (found) return found;
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
