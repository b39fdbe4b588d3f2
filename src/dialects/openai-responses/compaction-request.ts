import type { ResponsesBody } from './body.ts';
import type { InputItem } from './input-item.ts';

const ASK = `Summarize the conversation so far for the one who continues it and will not see it: what
was asked and decided, what was found out and done (names, values, files, results of tools), what is
still open. Write the summary only.`;

/** Whether an input ends with the wish for a compaction in place of an answer. */
export function asksForCompaction(input: readonly InputItem[]): boolean {
  const last = input.at(-1);
  if (last?.type === 'context_compaction') return typeof last.encrypted_content !== 'string';
  return last?.type === 'compaction_trigger';
}

/** The messages of the user: they stay as they are beside a compaction. */
export function toUserMessages(input: readonly InputItem[]): InputItem[] {
  return input.filter(isUserMessage);
}

/** The request that makes a summary of a conversation. Nothing is called for it. */
export function toCompactionBody(
  { model, instructions, previous_response_id }: ResponsesBody,
  input: readonly InputItem[],
): ResponsesBody {
  const ask: InputItem = { type: 'message', role: 'user', content: ASK.replaceAll('\n', ' ') };
  const said = input.filter(({ type }) => type !== 'additional_tools').map(withoutFoundTools);
  return { model, instructions, previous_response_id, input: [...said, ask] };
}

function isUserMessage(item: InputItem) {
  return item.type === 'message' && item.role === 'user';
}

/** What a search found would be offered again. */
function withoutFoundTools(item: InputItem): InputItem {
  return item.type === 'tool_search_output' ? { ...item, tools: [] } : item;
}
