import type { Run } from '../run.ts';
import { bindChat } from './bind.ts';
import { sayConversation } from './history.ts';
import type { LaunchProfile } from './launch.ts';
import type { OpenProcess } from './processes.ts';
import { readChatEvents } from './read-chat-events.ts';

/** A run that gets a model: one fresh process, one API message, and the process is thrown away. */
export function createChatRun(openProcess: OpenProcess, profile: LaunchProfile): Run {
  return async function* chat(request, signal) {
    const process = await openProcess(profile, signal);
    const leave = () => void process.end();
    signal.addEventListener('abort', leave, { once: true });
    try {
      signal.throwIfAborted();
      await bindChat(process, request);
      await sayConversation(process, request.messages);
      yield* readChatEvents(process.lines(), {
        model: request.model,
        interrupt: () => void process.request({ subtype: 'interrupt' }).catch(() => undefined),
      });
      signal.throwIfAborted();
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    } finally {
      signal.removeEventListener('abort', leave);
      leave();
    }
  };
}
