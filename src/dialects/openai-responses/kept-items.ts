import { z } from 'zod';

import { Item, type InputItem } from './input-item.ts';

/** An item as a stored response lists it. */
export type KeptItem = InputItem & { id: string };

const PREFIXES = {
  message: 'msg',
  function_call: 'fc',
  function_call_output: 'fco',
  reasoning: 'rs',
  compaction: 'cmp',
  item_reference: 'ref',
} satisfies Record<InputItem['type'], string>;

const Items = z.array(Item);

/** The input of a response as it is listed later: each item has an id, its content is a list. */
export function toKeptItems(items: readonly InputItem[], responseId: string): KeptItem[] {
  const stem = responseId.replace(/^resp_/, '');
  return items.map((item, index) => {
    const id = typeof item['id'] === 'string' ? item['id'] : toId(item, stem, index);
    return { status: 'completed', ...withPartList(item), id };
  });
}

/** What a stored response adds to the conversation: what was said before it, and what it says. */
export function readKeptItems(stored: { input: unknown; response: unknown }): InputItem[] {
  const { output } = z.object({ output: z.array(z.unknown()) }).parse(stored.response);
  return [...Items.parse(stored.input), ...Items.parse(output)];
}

function toId(item: InputItem, stem: string, index: number): string {
  return `${PREFIXES[item.type]}_${stem}_i${index}`;
}

function withPartList(item: InputItem): InputItem {
  if (item.type !== 'message' || typeof item.content !== 'string') return item;
  const type = item.role === 'assistant' ? ('output_text' as const) : ('input_text' as const);
  return { ...item, content: [{ type, text: item.content }] };
}
