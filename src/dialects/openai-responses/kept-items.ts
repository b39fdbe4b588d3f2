import { z } from 'zod';

import { asksForCompaction, toUserMessages } from './compaction-request.ts';
import { Item, type InputItem } from './input-item.ts';
import { type CallType, isCallType, toIdPrefix } from './tools/tool-kinds.ts';

/** An item as a stored response lists it. */
export type KeptItem = InputItem & { id: string };

/** Of the ids of what is no call. */
const PREFIXES = {
  message: 'msg',
  function_call_output: 'fco',
  custom_tool_call_output: 'ctco',
  local_shell_call_output: 'lsho',
  shell_call_output: 'sho',
  apply_patch_call_output: 'apco',
  computer_call_output: 'cuo',
  tool_search_output: 'tso',
  reasoning: 'rs',
  compaction: 'cmp',
  compaction_summary: 'cmp',
  context_compaction: 'cmp',
  compaction_trigger: 'cmpt',
  additional_tools: 'at',
  agent_message: 'amsg',
  configuration_update: 'cfg',
  item_reference: 'ref',
  web_search_call: 'ws',
  file_search_call: 'fs',
  code_interpreter_call: 'ci',
  image_generation_call: 'ig',
  mcp_list_tools: 'mcpl',
  mcp_approval_request: 'mcpr',
  mcp_approval_response: 'mcpa',
  mcp_call: 'mcp',
  program: 'prog',
  program_output: 'progo',
} satisfies Record<Exclude<InputItem['type'], CallType>, string>;

const Items = z.array(Item);

/** The input of a response as it is listed later: each item has an id, its content is a list. */
export function toKeptItems(items: readonly InputItem[], responseId: string): KeptItem[] {
  const stem = responseId.replace(/^resp_/, '');
  return items.map((item, index) => {
    const id = typeof item['id'] === 'string' ? item['id'] : toId(item, stem, index);
    return { status: 'completed', ...withPartList(item), id };
  });
}

/**
 * What a stored response adds to the conversation: what was said before it, and what it says. A compaction
 * stands in the place of all before it.
 */
export function readKeptItems(stored: { input: unknown; response: unknown }): InputItem[] {
  const { output } = z.object({ output: z.array(z.unknown()) }).parse(stored.response);
  const input = Items.parse(stored.input);
  return [...(asksForCompaction(input) ? toUserMessages(input) : input), ...Items.parse(output)];
}

function isCall(item: InputItem): item is Extract<InputItem, { type: CallType }> {
  return isCallType(item.type);
}

function toId(item: InputItem, stem: string, index: number): string {
  const prefix = isCall(item) ? toIdPrefix(item.type) : PREFIXES[item.type];
  return `${prefix}_${stem}_i${index}`;
}

function withPartList(item: InputItem): InputItem {
  if (item.type !== 'message' || typeof item.content !== 'string') return item;
  const type = item.role === 'assistant' ? ('output_text' as const) : ('input_text' as const);
  return { ...item, content: [{ type, text: item.content }] };
}
