import { z } from 'zod';

import { JsonObjectFormat, PlainFormat, ReasoningEffort } from '../shared/openai-formats.ts';
import { Item, type InputItem } from './input-item.ts';
import { Tool, ToolChoice } from './tools/tool-schema.ts';

/**
 * The body of `POST /v1/responses`.
 * https://platform.openai.com/docs/api-reference/responses/create
 */

const TextFormat = z.discriminatedUnion('type', [
  PlainFormat,
  JsonObjectFormat,
  z.looseObject({
    type: z.literal('json_schema'),
    name: z.string(),
    description: z.string().nullish(),
    schema: z.record(z.string(), z.unknown()),
    strict: z.boolean().nullish(),
  }),
]);

const Reasoning = z.looseObject({
  effort: ReasoningEffort.nullish(),
  summary: z.string().nullish(),
});

const NO_LOGPROBS = 'the claude CLI reports no log probabilities';

export const ResponsesBody = z.looseObject({
  model: z.string().min(1),
  input: z.union([z.string(), z.array(Item)]).nullish(),
  instructions: z.string().nullish(),
  previous_response_id: z.string().nullish(),
  conversation: z.null('conversations are not kept here; use previous_response_id').optional(),
  prompt: z.null('prompt templates are not kept here').optional(),
  stream: z.boolean().nullish(),
  store: z.boolean().nullish(),
  background: z.boolean().nullish(),
  include: z.array(z.string().refine((name) => !name.endsWith('.logprobs'), NO_LOGPROBS)).nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  top_logprobs: z.literal(0, NO_LOGPROBS).nullish(),
  max_output_tokens: z.int().positive().nullish(),
  max_tool_calls: z.int().positive().nullish(),
  tools: z.array(Tool).nullish(),
  tool_choice: ToolChoice.nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  text: z.looseObject({ format: TextFormat.nullish(), verbosity: z.string().nullish() }).nullish(),
  reasoning: Reasoning.nullish(),
  truncation: z.enum(['auto', 'disabled']).nullish(),
  service_tier: z.string().nullish(),
  user: z.string().nullish(),
  safety_identifier: z.string().nullish(),
  prompt_cache_key: z.string().nullish(),
});

/** The body of `POST /v1/responses/input_tokens`, which may name no model: then the CLI's default counts. */
export const InputTokensBody = ResponsesBody.extend({
  model: z.string().min(1).default('default'),
});

/** What is known of an input that may still refer to items elsewhere. */
export type ResponsesBody = z.infer<typeof ResponsesBody>;

/** The items of an input; a text is one message of the user. */
export function toInputItems(input: ResponsesBody['input']): InputItem[] {
  if (typeof input !== 'string') return input ?? [];
  return [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: input }] }];
}
