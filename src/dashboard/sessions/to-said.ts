import { z } from 'zod';

import type { StoredResponse } from '../../responses/response-store.ts';

/** Who said what. */
export type Said = { who: string; text: string };

const Part = z.looseObject({ type: z.string(), text: z.string().optional() });

const Item = z.looseObject({
  type: z.string().default('message'),
  role: z.string().optional(),
  name: z.string().optional(),
  arguments: z.string().optional(),
  output: z.unknown().optional(),
  content: z.union([z.string(), z.array(Part)]).optional(),
});

const Output = z.looseObject({ output: z.array(z.unknown()).default([]) });

/** A stored response as a person reads it: what was said before, and the answer. */
export function toSaid({ input, response }: Pick<StoredResponse, 'input' | 'response'>): Said[] {
  return [...input, ...Output.parse(response).output].flatMap((item) => {
    const parsed = Item.safeParse(item);
    return parsed.success ? [toOne(parsed.data)] : [];
  });
}

function toOne(item: z.infer<typeof Item>): Said {
  switch (item.type) {
    case 'message':
      return { who: item.role ?? 'assistant', text: toText(item.content) };
    case 'function_call':
      return { who: 'tool call', text: `${item.name ?? ''}(${item.arguments ?? ''})` };
    case 'function_call_output':
      return {
        who: 'tool result',
        text: typeof item.output === 'string' ? item.output : JSON.stringify(item.output ?? null),
      };
    default:
      return { who: item.type, text: toText(item.content) || '…' };
  }
}

function toText(content: z.infer<typeof Item>['content']) {
  if (typeof content === 'string') return content;
  return (content ?? []).map(({ type, text }) => text ?? `[${type}]`).join('\n');
}
