import { RunError } from '../../run-error.ts';
import type { MessagesBody } from './body.ts';

/** Refuses ids of tool calls as the API does: empty ones, and those that come twice. Throws `invalid-request`. */
export function checkCallIds({ messages }: Pick<MessagesBody, 'messages'>): void {
  const earlier = new Set<string>();
  for (const [index, { content }] of messages.entries()) {
    if (typeof content === 'string') continue;
    for (const [position, block] of content.entries()) {
      const path = `messages.${index}.content.${position}`;
      if (block.type === 'tool_use') {
        if (block.id === '') throw empty(`${path}.id`);
        if (earlier.has(block.id)) throw invalid('`tool_use` ids must be unique', 'messages');
        earlier.add(block.id);
      } else if (block.type === 'tool_result' && block.tool_use_id === '') {
        throw empty(`${path}.tool_use_id`);
      }
    }
  }
}

function empty(path: string) {
  return invalid('An id must have at least one character.', path);
}

function invalid(sentence: string, param: string) {
  return new RunError('invalid-request', sentence, { param });
}
