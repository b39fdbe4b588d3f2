import { createHash } from 'node:crypto';

import type { Message, Part, RunRequest } from '../run.ts';

/**
 * Names a conversation by its content: who asks, what the process is bound to, and what was said so
 * far. Nothing is asked of the client; whoever sends the same history means the same conversation.
 */
export function toConversationKey(
  { caller, model, instructions, tools, output }: RunRequest,
  messages: readonly Message[],
): string {
  const binding = [caller.keyId, caller.user, model, instructions, tools, output];
  const said = messages.map(({ role, parts }) => [role, toComparable(parts)]);
  return createHash('sha256')
    .update(JSON.stringify([binding, said]))
    .digest('base64');
}

/** Without what clients drop or regroup: thinking, blank text, the borders between texts. */
function toComparable(parts: readonly Part[]) {
  const comparable: unknown[] = [];
  let text = '';
  for (const part of parts) {
    if (part.type === 'text') text += part.text;
    else if (part.type !== 'reasoning') {
      comparable.push(text.trim(), part);
      text = '';
    }
  }
  return [...comparable, text.trim()];
}
