import type { ChatBody, ChatMessage } from './body.ts';

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

/** Whether a request offers functions as they were before there were tools, and wants them answered so. */
export function callsFunctions({
  functions,
  tools,
}: Pick<ChatBody, 'functions' | 'tools'>): boolean {
  return (functions?.length ?? 0) > 0 && (tools?.length ?? 0) === 0;
}

/** The same request with tools in place of functions, of which one was called at a time. */
export function withTools<Body extends Pick<ChatBody, 'functions' | 'function_call' | 'tools'>>(
  body: Body,
) {
  if (!callsFunctions(body)) return body;
  const { functions, function_call: choice } = body;
  return {
    ...body,
    tools: functions?.map((one) => ({ type: 'function' as const, function: one })),
    tool_choice:
      typeof choice === 'object' && choice
        ? { type: 'function' as const, function: choice }
        : (choice ?? 'auto'),
    parallel_tool_calls: false,
  };
}
