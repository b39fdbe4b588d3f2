import { z } from 'zod';

import { AgentContent, MessageContent } from './content.ts';
import { HostedItem } from './tools/hosted-tools.ts';
import { CALL_ITEMS, OUTPUT_ITEMS } from './tools/tool-kinds.ts';
import { Tool } from './tools/tool-schema.ts';

/**
 * What a conversation is made of in the Responses API, as clients send it.
 * https://platform.openai.com/docs/api-reference/responses/create#responses_create-input
 */

const Message = z
  .looseObject({
    type: z.literal('message'),
    role: z.enum(['user', 'assistant', 'system', 'developer']),
    content: MessageContent,
  })
  // For the OpenAPI document: `withType` fills in the type.
  .meta({ required: ['role', 'content'] });

const Reasoning = z.looseObject({
  type: z.literal('reasoning'),
  summary: z.array(z.looseObject({ text: z.string() })).nullish(),
  encrypted_content: z.string().nullish(),
});

/** What `POST /v1/responses/compact`, or a `compaction_trigger`, made of an earlier conversation. */
const Compaction = z.looseObject({
  type: z.enum(['compaction', 'compaction_summary']),
  encrypted_content: z.string(),
});

/** The same as Codex has it; without content it asks for one. */
const ContextCompaction = z.looseObject({
  type: z.literal('context_compaction'),
  encrypted_content: z.string().nullish(),
});

/** As the last item it asks for a compaction in place of an answer. */
const CompactionTrigger = z.looseObject({ type: z.literal('compaction_trigger') });

/** Tools that came in the middle of a conversation. */
const AdditionalTools = z.looseObject({
  type: z.literal('additional_tools'),
  tools: z.array(Tool),
});

/** What one agent of Codex tells another. */
const AgentMessage = z.looseObject({
  type: z.literal('agent_message'),
  author: z.string().nullish(),
  recipient: z.string().nullish(),
  content: AgentContent,
});

/** Other settings from here on. */
const ConfigurationUpdate = z.looseObject({ type: z.literal('configuration_update') });

/** An item of a stored response, by its id. */
const ItemReference = z.looseObject({ type: z.literal('item_reference'), id: z.string() });

/** Messages may leave out their type, references too. */
export const Item = z.preprocess(
  withType,
  z.discriminatedUnion('type', [
    Message,
    ...CALL_ITEMS,
    ...OUTPUT_ITEMS,
    HostedItem,
    Reasoning,
    Compaction,
    ContextCompaction,
    CompactionTrigger,
    AdditionalTools,
    AgentMessage,
    ConfigurationUpdate,
    ItemReference,
  ]),
);

export type InputItem = z.infer<typeof Item>;
export type MessageItem = z.infer<typeof Message>;

function withType(item: unknown): unknown {
  if (typeof item !== 'object' || item === null) return item;
  if ('type' in item && item.type !== null && item.type !== undefined) return item;
  if ('role' in item) return { ...item, type: 'message' };
  return 'id' in item ? { ...item, type: 'item_reference' } : item;
}
