import { z } from 'zod';

import type { AgentPart } from '../../run.ts';

const Block = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  thinking: z.string().optional(),
  id: z.string().optional(),
  name: z.string().optional(),
  input: z.unknown().optional(),
  tool_use_id: z.string().optional(),
  is_error: z.boolean().optional(),
  content: z.unknown().optional(),
});

type Block = z.infer<typeof Block>;

/** The content of a message in the API's notation, as the CLI writes it. */
export const AgentContent = z.union([z.string(), z.array(Block)]);

export type AgentContent = z.infer<typeof AgentContent>;

/** The parts of an agent's message: its text and its tool calls. */
export function toAgentParts(content: AgentContent): AgentPart[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content.map(toPart);
}

/** A tool's output as text, in which anything else is named by its kind. */
export function toOutputText(content: unknown): string {
  const { data } = AgentContent.safeParse(content);
  if (data === undefined || typeof data === 'string') return data ?? '';
  return data.map(({ type, text }) => text ?? `[${type}]`).join('\n');
}

function toPart(block: Block): AgentPart {
  switch (block.type) {
    case 'text':
      return { type: 'text', text: block.text ?? '' };
    case 'thinking':
      return { type: 'reasoning', text: block.thinking ?? '' };
    case 'tool_use':
      return {
        type: 'tool-call',
        id: block.id ?? '',
        name: block.name ?? '',
        input: block.input ?? {},
      };
    case 'tool_result':
      return {
        type: 'tool-result',
        callId: block.tool_use_id ?? '',
        text: toOutputText(block.content),
        isError: block.is_error ?? false,
      };
    default:
      return { type: 'other', kind: block.type };
  }
}
