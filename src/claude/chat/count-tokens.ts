import { z } from 'zod';

import type { CountTokens } from '../../run.ts';
import { toUpstreamForm } from './upstream-form/with-upstream-form.ts';
import { endWhenAborted } from '../process/end-when-aborted.ts';
import type { ReadAbilities } from './abilities.ts';
import { prepareTurn, replay } from './chat-process.ts';
import { toChatTurn } from './chat-turn.ts';
import type { KeptProcesses } from './kept-processes.ts';
import type { OpenChat } from './open-chat.ts';

export type CountTokensParts = {
  openChat: OpenChat;
  kept: Pick<KeptProcesses, 'giveBack'>;
  readAbilities: ReadAbilities;
};

/** The reply to `get_context_usage`, seen from CLI 2.1.330. */
const ContextUsage = z.object({ totalTokens: z.number() });

/**
 * What the CLI takes off the API's count for tools, to tell their own share from what any tool costs.
 * A request pays for both.
 */
const ANY_TOOL_TOKENS = 500;

/**
 * Lets the CLI count: it holds the conversation without answering it, and asks the API's own
 * `count_tokens` for its parts. The process is one that may serve the caller's next request.
 */
export function createCountTokens({
  openChat,
  kept,
  readAbilities,
}: CountTokensParts): CountTokens {
  return async (given, signal) => {
    const { request } = toUpstreamForm(given);
    const abilities = await readAbilities();
    const turn = toChatTurn(request, abilities);
    const chat = await openChat(turn, signal);
    let isReusable = false;
    using _ending = endWhenAborted(chat.process, signal);
    try {
      await prepareTurn(chat, turn, abilities);
      const isKnown = abilities.toModelId(request.model) !== undefined;
      // The CLI guesses what the API refuses to count; of a model that it does not know it asks the API,
      // and goes on with that one whatever the settings say.
      if (!isKnown) await chat.process.request({ subtype: 'set_model', model: request.model });
      const replayed = replay(chat, turn, request.messages.length, signal);
      for await (const _ of replayed); // until all is said
      const usage = await chat.process.request({ subtype: 'get_context_usage' });
      const { totalTokens } = ContextUsage.parse(usage);
      isReusable = isKnown && !signal.aborted;
      return totalTokens + (request.tools.length > 0 ? ANY_TOOL_TOKENS : 0);
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    } finally {
      if (isReusable) kept.giveBack(chat, true);
      else void chat.process.end();
    }
  };
}
