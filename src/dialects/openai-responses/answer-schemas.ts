import { z } from 'zod';

import { OutputItem } from './output-item-schema.ts';

const Count = z.int().nonnegative();

const ResponseUsage = z.object({
  input_tokens: Count,
  input_tokens_details: z.object({ cached_tokens: Count, cache_write_tokens: Count }),
  output_tokens: Count,
  output_tokens_details: z.object({ reasoning_tokens: Count }),
  total_tokens: Count,
});

/** What repeats the request. */
const echoes = {
  background: z.boolean(),
  instructions: z.string().nullable(),
  max_output_tokens: z.int().nullable(),
  max_tool_calls: z.int().nullable(),
  metadata: z.record(z.string(), z.string()),
  parallel_tool_calls: z.boolean(),
  previous_response_id: z.string().nullable(),
  prompt_cache_key: z.string().nullable(),
  reasoning: z.object({ effort: z.string().nullable(), summary: z.string().nullable() }),
  safety_identifier: z.string().nullable(),
  service_tier: z.literal('default'),
  store: z.boolean(),
  temperature: z.number(),
  text: z.object({ format: z.looseObject({ type: z.string() }), verbosity: z.literal('medium') }),
  tool_choice: z.union([z.string(), z.looseObject({ type: z.string() })]),
  tools: z.array(z.looseObject({ type: z.string() })),
  top_logprobs: z.literal(0),
  top_p: z.number(),
  truncation: z.literal('disabled'),
  presence_penalty: z.literal(0),
  frequency_penalty: z.literal(0),
  access_programs: z.null(),
  user: z.string().optional(),
};

/** A response of `/v1/responses`, at any time of its life. */
export const Response = z.object({
  id: z.string().regex(/^resp_/),
  object: z.literal('response'),
  created_at: z.int(),
  completed_at: z.int().nullable(),
  status: z.enum(['queued', 'in_progress', 'completed', 'incomplete', 'failed', 'cancelled']),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  incomplete_details: z.object({ reason: z.literal('max_output_tokens') }).nullable(),
  model: z.string(),
  output: z.array(OutputItem),
  usage: ResponseUsage.nullable(),
  ...echoes,
});

/** The answer of `DELETE /v1/responses/{id}`. */
export const DeletedResponse = z.object({
  id: z.string(),
  object: z.literal('response'),
  deleted: z.literal(true),
});

/** The answer of `POST /v1/responses/input_tokens`. */
export const ResponseTokens = z.object({
  object: z.literal('response.input_tokens'),
  input_tokens: Count,
});

const KeptItem = z.looseObject({ type: z.string(), id: z.string() });

/** The answer of `POST /v1/responses/compact`. */
export const Compaction = z.object({
  id: z.string().regex(/^resp_/),
  object: z.literal('response.compaction'),
  created_at: z.int(),
  output: z.array(KeptItem).describe('To be sent as the beginning of the next input.'),
  usage: ResponseUsage,
});

/** The answer of `GET /v1/responses/{id}/input_items`. */
export const InputItems = z.object({
  object: z.literal('list'),
  data: z.array(KeptItem),
  first_id: z.string().nullable(),
  last_id: z.string().nullable(),
  has_more: z.boolean(),
});
