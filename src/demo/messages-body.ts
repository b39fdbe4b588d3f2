import { z } from 'zod';

const innerBlock = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  thinking: z.string().optional(),
  signature: z.string().optional(),
  id: z.string().optional(),
  name: z.string().optional(),
  input: z.unknown().optional(),
  tool_use_id: z.string().optional(),
  source: z.looseObject({ type: z.string(), media_type: z.string().optional() }).optional(),
  cache_control: z.unknown().optional(),
});

const block = innerBlock.extend({
  content: z.union([z.string(), z.array(innerBlock)]).optional(),
});

const message = z.looseObject({
  role: z.enum(['user', 'assistant', 'system']),
  content: z.union([z.string(), z.array(block)]),
});

const tool = z.looseObject({
  type: z.string().optional(),
  name: z.string(),
  input_schema: z.record(z.string(), z.unknown()).optional(),
  cache_control: z.unknown().optional(),
});

/** The fields of a Messages API request that the demo reads; the rest passes. */
export const messagesBodySchema = z.looseObject({
  model: z.string(),
  messages: z.array(message),
  system: z.union([z.string(), z.array(innerBlock)]).optional(),
  // Checked by a rule, because a request to count tokens has none.
  max_tokens: z.number().optional(),
  stream: z.boolean().optional(),
  tools: z.array(tool).optional(),
  tool_choice: z.looseObject({ type: z.string(), name: z.string().optional() }).optional(),
  temperature: z.number().optional(),
  top_p: z.number().optional(),
  top_k: z.number().optional(),
  stop_sequences: z.array(z.string()).optional(),
  thinking: z
    .looseObject({
      type: z.string(),
      budget_tokens: z.number().optional(),
      display: z.string().nullish(),
    })
    .optional(),
  output_config: z
    .looseObject({
      format: z
        .looseObject({
          type: z.string(),
          schema: z.record(z.string(), z.unknown()).optional(),
        })
        .nullish(),
    })
    .optional(),
  context_management: z
    .looseObject({ edits: z.array(z.looseObject({ type: z.string() })).optional() })
    .nullish(),
  cache_control: z.unknown().optional(),
});

/** A request as a client of the Messages API sends it. */
export type MessagesBody = z.infer<typeof messagesBodySchema>;
export type Block = z.infer<typeof block>;
export type ToolParam = z.infer<typeof tool>;

/** Content as blocks, whichever way it was written. */
export function toBlocks(content: string | readonly Block[] | undefined): readonly Block[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  return content ?? [];
}

/** Every text of a message's content, tool results included. */
export function toText(content: string | readonly Block[] | undefined): string {
  return toBlocks(content)
    .map((part) => part.text ?? toText(part.content))
    .join('');
}

/** Whether the model thinks before it answers. */
export function isThinkingOn(body: MessagesBody): boolean {
  return body.thinking?.type === 'enabled' || body.thinking?.type === 'adaptive';
}
