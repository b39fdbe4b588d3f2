import { z } from 'zod';

import type { CountTokens } from '../run.ts';
import { bindChat } from './bind.ts';
import { createClientTools } from './client-tools.ts';
import type { Gate } from './gate.ts';
import { replay } from './history.ts';
import type { LaunchProfile } from './launch.ts';
import type { OpenProcess } from './processes.ts';

export type CountTokensParts = { openProcess: OpenProcess; profile: LaunchProfile; gate: Gate };

/** The reply to `get_context_usage`, seen from CLI 2.1.330. */
const ContextUsage = z.object({
  totalTokens: z.number(),
  mcpTools: z.array(z.object({ tokens: z.number(), isLoaded: z.boolean() })).default([]),
});

/**
 * Lets the CLI count: it holds the conversation without answering it, and asks the API's own
 * `count_tokens` for its parts.
 */
export function createCountTokens({ openProcess, profile, gate }: CountTokensParts): CountTokens {
  return async (request, signal) => {
    const leavePlace = await gate.enter(request.caller.keyId, signal);
    const process = await openProcess(profile, signal).catch((error: unknown) => {
      leavePlace();
      throw error;
    });
    const leave = () => void process.end();
    signal.addEventListener('abort', leave, { once: true });
    try {
      const model = await bindChat({ process, tools: createClientTools(request.tools) }, request);
      // The CLI guesses what the API refuses to count; of a model that it does not know it asks the API.
      await process.request({ subtype: 'set_model', model: request.model });
      await replay(process, request.messages, model);
      return toCount(await process.request({ subtype: 'get_context_usage' }));
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    } finally {
      signal.removeEventListener('abort', leave);
      leave();
      leavePlace();
    }
  };
}

/** Tools that no turn has used yet are not part of the CLI's total, though they will be sent. */
function toCount(reply: unknown) {
  const { totalTokens, mcpTools } = ContextUsage.parse(reply);
  return mcpTools.reduce((sum, tool) => sum + (tool.isLoaded ? 0 : tool.tokens), totalTokens);
}
