import type { Message, Part } from '../../run.ts';
import { RunError } from '../../run-error.ts';
import { type Conversation, toSpokenConversation } from '../shared/conversation.ts';
import { toAgentText, toContent, toPlainText } from './content.ts';
import type { InputItem, MessageItem } from './input-item.ts';
import { openText, readRedacted } from './sealed-text.ts';
import { toHostedText } from './tools/hosted-tools.ts';
import { type ClientTool, toOfferedName } from './tools/read-tools.ts';
import { type CallType, isCallType, readCall, readOutput } from './tools/tool-kinds.ts';

type CallItem = Extract<InputItem, { type: CallType }>;

/**
 * Messages with their true roles, and the system and developer messages in front of them. An input of
 * nothing but those is a prompt. Calls bear the names by which the model knows the tools. Throws
 * `invalid-request`.
 */
export function toConversation(
  items: readonly InputItem[],
  tools: readonly ClientTool[] = [],
): Conversation {
  const instructions: string[] = [];
  /** Those behind the last message. */
  const last: string[] = [];
  const messages: Message[] = [];
  const toMessage = createToMessage(items, tools);
  for (const [index, item] of items.entries()) {
    const param = `input.${index}`;
    if (isInstruction(item)) {
      last.push(toPlainText(item.content, `${param}.content`));
      continue;
    }
    const message = toMessage(item, param);
    if (!message) continue;
    instructions.push(...last.splice(0));
    messages.push(message);
  }
  return toSpokenConversation(messages, instructions, last);
}

function isInstruction(item: InputItem): item is MessageItem {
  return item.type === 'message' && (item.role === 'system' || item.role === 'developer');
}

/** Makes what reads one item; what says nothing to the model gives `undefined`. */
function createToMessage(items: readonly InputItem[], tools: readonly ClientTool[]) {
  const callIds = toCallIds(items);

  return function toMessage(item: InputItem, param: string): Message | undefined {
    switch (item.type) {
      case 'message':
        return {
          role: item.role === 'assistant' ? 'assistant' : 'user',
          parts: toContent(item.content, `${param}.content`),
        };
      case 'agent_message':
        return toText('user', `${toHeading(item)}${toAgentText(item.content)}`);
      case 'reasoning':
        return { role: 'assistant', parts: toReasoning(item) };
      case 'compaction':
      case 'compaction_summary':
      case 'context_compaction':
        if (typeof item.encrypted_content !== 'string') return undefined;
        return toText('user', openCompaction(item.encrypted_content, param));
      case 'additional_tools':
      case 'configuration_update':
      case 'compaction_trigger':
        return undefined;
      case 'item_reference':
        throw invalid('An item can be referred to only where responses are stored.', param);
      case 'function_call':
      case 'custom_tool_call':
      case 'local_shell_call':
      case 'shell_call':
      case 'apply_patch_call':
      case 'computer_call':
      case 'tool_search_call':
        return { role: 'assistant', parts: [toCall(item, tools)] };
      case 'function_call_output':
      case 'custom_tool_call_output':
      case 'local_shell_call_output':
      case 'shell_call_output':
      case 'apply_patch_call_output':
      case 'computer_call_output':
      case 'tool_search_output': {
        const { content, isError } = readOutput(item, param);
        const id = item.call_id ?? toId(item);
        // What the host found by itself answers no call.
        if (item.type === 'tool_search_output' && !item.call_id)
          return { role: 'assistant', parts: content };
        const callId = item.call_id ? id : (callIds.get(id) ?? id);
        return { role: 'user', parts: [{ type: 'tool-result', callId, content, isError }] };
      }
      default:
        return toText(
          item.type === 'mcp_approval_response' ? 'user' : 'assistant',
          toHostedText(item),
        );
    }
  };
}

/** The calls' ids by those of their items: some results name only these. */
function toCallIds(items: readonly InputItem[]): ReadonlyMap<string, string> {
  return new Map(
    items.filter(isCall).flatMap((item) => (item.call_id ? [[toId(item), item.call_id]] : [])),
  );
}

function isCall(item: InputItem): item is CallItem {
  return isCallType(item.type);
}

function toId({ id }: Readonly<Record<string, unknown>>) {
  return typeof id === 'string' ? id : '';
}

function toCall(item: CallItem, tools: readonly ClientTool[]): Part {
  const { input, ...called } = readCall(item);
  // The host's own search.
  if (!item.call_id) return { type: 'text', text: `[${item.type}: ${JSON.stringify(input)}]` };
  return {
    type: 'tool-call',
    id: item.call_id,
    name: toOfferedName(tools, item.type, called),
    input,
  };
}

function toHeading({ author, recipient }: Extract<InputItem, { type: 'agent_message' }>) {
  return author ? `[From ${author} to ${recipient ?? 'you'}]\n` : '';
}

function toText(role: Message['role'], text: string): Message {
  return { role, parts: [{ type: 'text', text }] };
}

/** Thinking whose proof did not come back, or came from elsewhere, is of no use to the API. */
function toReasoning(item: Extract<InputItem, { type: 'reasoning' }>): Part[] {
  const signature = openText(item.encrypted_content ?? '');
  if (signature === undefined) return [];
  const data = readRedacted(signature);
  if (data !== undefined) return [{ type: 'redacted-reasoning', data }];
  const text = (item.summary ?? []).map((part) => part.text).join('');
  return [{ type: 'reasoning', text, signature }];
}

function openCompaction(sealed: string, param: string): string {
  const summary = openText(sealed);
  if (summary !== undefined) return `A summary of the conversation so far:\n\n${summary}`;
  throw invalid('Only a compaction that this server made can be read.', param);
}

function invalid(sentence: string, param: string) {
  return new RunError('invalid-request', sentence, { param });
}
