import { z } from 'zod';

import type { CountTokens } from '../../run.ts';
import { toUpstreamForm } from './upstream-form/with-upstream-form.ts';
import { endWhenAborted } from '../process/end-when-aborted.ts';
import type { Spares } from '../spares.ts';
import type { ReadAbilities } from './abilities.ts';
import { bindProcess } from './bind.ts';
import { prepareTurn, replay } from './chat-process.ts';
import { canUseSpare, toChatTurn } from './chat-turn.ts';

export type CountTokensParts = { spares: Spares; blanks: Spares; readAbilities: ReadAbilities };

/** The reply to `get_context_usage`, seen from CLI 2.1.330. */
const ContextUsage = z.object({ totalTokens: z.number() });

/**
 * What the CLI takes off the API's count for tools, to tell their own share from what any tool costs.
 * A request pays for both.
 */
const ANY_TOOL_TOKENS = 500;

/**
 * Lets the CLI count: it holds the conversation without answering it, and asks the API's own
 * `count_tokens` for its parts.
 */
export function createCountTokens({
  spares,
  blanks,
  readAbilities,
}: CountTokensParts): CountTokens {
  return async (given, signal) => {
    const { request } = toUpstreamForm(given);
    const abilities = await readAbilities();
    const turn = toChatTurn(request, abilities);
    const spare = await (canUseSpare(turn) ? spares : blanks).take(signal);
    const { process } = spare;
    using _ending = endWhenAborted(process, signal);
    try {
      const chat = await bindProcess(spare, turn);
      await prepareTurn(chat, turn, abilities);
      // The CLI guesses what the API refuses to count; of a model that it does not know it asks the API.
      await process.request({ subtype: 'set_model', model: request.model });
      const replayed = replay(chat, turn, request.messages.length, signal);
      for await (const _ of replayed); // until all is said
      const { totalTokens } = ContextUsage.parse(
        await process.request({ subtype: 'get_context_usage' }),
      );
      return totalTokens + (request.tools.length > 0 ? ANY_TOOL_TOKENS : 0);
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    } finally {
      void process.end();
    }
  };
}
