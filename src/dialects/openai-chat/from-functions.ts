import type { ChatMessage } from './body.ts';

type FunctionMessage = Extract<ChatMessage, { role: 'function' }>;
export type CurrentMessage = Exclude<ChatMessage, FunctionMessage>;

/**
 * Rewrites the function calls of before there were tools, and what the functions said, as tool calls
 * and results. Functions had no ids: a result answers the last call before it.
 */
export function fromFunctions(all: readonly ChatMessage[]): CurrentMessage[] {
  let lastId = 'function';
  return all.map((message, index): CurrentMessage => {
    if (message.role === 'function') return toToolMessage(message, lastId);
    if (message.role !== 'assistant' || !message.function_call) return message;
    lastId = `function_${index}`;
    const call = { id: lastId, function: message.function_call };
    return { ...message, tool_calls: [...(message.tool_calls ?? []), call] };
  });
}

function toToolMessage({ content }: FunctionMessage, id: string): CurrentMessage {
  return { role: 'tool', tool_call_id: id, content: content ?? '' };
}
