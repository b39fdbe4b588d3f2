import { createHash } from 'node:crypto';

import type { Message, RunRequest } from '../../run.ts';
import { toComparable } from './comparable-message.ts';

/**
 * Names a conversation by its content: who asks, what the process is bound to, and what was said so
 * far. Nothing is asked of the client; whoever sends the same history means the same conversation.
 */
export function toConversationKey(
  { caller, model, instructions, tools, output }: RunRequest,
  messages: readonly Message[],
): string {
  const binding = [caller.keyId, caller.user, model, instructions, tools, output];
  return toHash([binding, messages.map(toComparable)]);
}

/** Names a value by its JSON. */
export function toHash(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('base64');
}
