import { z } from 'zod';

/** A model, in one shape that the OpenAI and the Anthropic clients both read. */
export const Model = z.object({
  id: z.string(),
  object: z.literal('model'),
  created: z.int().describe('The same for all: the CLI does not tell when a model came out.'),
  owned_by: z.literal('anthropic'),
  type: z.literal('model'),
  display_name: z.string(),
  created_at: z.iso.datetime(),
  capabilities: z.null(),
  deprecated_at: z.null(),
  lifecycle: z.literal('active'),
  line: z.null(),
  max_input_tokens: z.null(),
  max_tokens: z.null(),
  retires_at: z.null(),
});

/** The answer of `GET /v1/models`. */
export const ModelList = z.object({
  object: z.literal('list'),
  data: z.array(Model),
  has_more: z.boolean(),
  first_id: z.string().nullable(),
  last_id: z.string().nullable(),
});
