import { z } from 'zod';

/**
 * What a conversation is made of in the Responses API, as clients send it.
 * https://platform.openai.com/docs/api-reference/responses/create#responses_create-input
 */

const Text = z.looseObject({ type: z.enum(['input_text', 'text']), text: z.string() });

const Image = z.looseObject({
  type: z.literal('input_image'),
  image_url: z.string().nullish(),
  file_id: z.string().nullish(),
});

const File = z.looseObject({
  type: z.literal('input_file'),
  file_data: z.string().nullish(),
  file_url: z.string().nullish(),
  file_id: z.string().nullish(),
  filename: z.string().nullish(),
});

const OutputText = z.looseObject({ type: z.literal('output_text'), text: z.string() });

const Refusal = z.looseObject({ type: z.literal('refusal'), refusal: z.string() });

const Message = z
  .looseObject({
    type: z.literal('message'),
    role: z.enum(['user', 'assistant', 'system', 'developer']),
    content: z.union([
      z.string(),
      z.array(z.discriminatedUnion('type', [Text, Image, File, OutputText, Refusal])),
    ]),
  })
  // For the OpenAPI document: `withType` fills in the type.
  .meta({ required: ['role', 'content'] });

const FunctionCall = z.looseObject({
  type: z.literal('function_call'),
  call_id: z.string(),
  name: z.string(),
  arguments: z.string(),
});

const FunctionCallOutput = z.looseObject({
  type: z.literal('function_call_output'),
  call_id: z.string(),
  output: z.union([z.string(), z.array(z.discriminatedUnion('type', [Text, Image, File]))]),
});

const Reasoning = z.looseObject({
  type: z.literal('reasoning'),
  summary: z.array(z.looseObject({ text: z.string() })).nullish(),
  encrypted_content: z.string().nullish(),
});

/** What `POST /v1/responses/compact` made of an earlier conversation. */
const Compaction = z.looseObject({
  type: z.literal('compaction'),
  encrypted_content: z.string(),
});

/** An item of a stored response, by its id. */
const ItemReference = z.looseObject({ type: z.literal('item_reference'), id: z.string() });

/** Messages may leave out their type, references too. */
export const Item = z.preprocess(
  withType,
  z.discriminatedUnion('type', [
    Message,
    FunctionCall,
    FunctionCallOutput,
    Reasoning,
    Compaction,
    ItemReference,
  ]),
);

export type InputItem = z.infer<typeof Item>;
export type MessageItem = z.infer<typeof Message>;
export type InputPart = Exclude<MessageItem['content'], string>[number];

function withType(item: unknown): unknown {
  if (typeof item !== 'object' || item === null) return item;
  if ('type' in item && item.type !== null && item.type !== undefined) return item;
  if ('role' in item) return { ...item, type: 'message' };
  return 'id' in item ? { ...item, type: 'item_reference' } : item;
}
