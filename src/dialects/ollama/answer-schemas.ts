import { z } from 'zod';

const Count = z.int().nonnegative();

const ToolCall = z.object({
  id: z.string(),
  function: z.object({ name: z.string(), arguments: z.record(z.string(), z.unknown()) }),
});

const head = {
  model: z.string().describe('As the request named it.'),
  created_at: z.iso.datetime(),
  done: z.boolean(),
};

const Duration = Count.describe('Nanoseconds.').optional();

const end = {
  done_reason: z.enum(['stop', 'length']).optional(),
  total_duration: Duration,
  load_duration: Duration,
  prompt_eval_count: Count.optional(),
  prompt_eval_duration: Duration,
  eval_count: Count.optional(),
  eval_duration: Duration,
};

/** The answer of `POST /api/chat`, and each line of it when streamed. */
export const OllamaChat = z.object({
  ...head,
  message: z.object({
    role: z.literal('assistant'),
    content: z.string(),
    thinking: z.string().optional(),
    tool_calls: z.array(ToolCall).optional(),
  }),
  ...end,
});

/** The answer of `POST /api/generate`, and each line of it when streamed. */
export const OllamaGenerate = z.object({
  ...head,
  response: z.string(),
  thinking: z.string().optional(),
  ...end,
});

const Details = z.object({
  parent_model: z.string(),
  format: z.string(),
  family: z.string(),
  families: z.array(z.string()),
  parameter_size: z.string(),
  quantization_level: z.string(),
});

/** The answers of `GET /api/tags`, and of `GET /api/ps`, whose list is always empty. */
export const OllamaModels = z.object({
  models: z.array(
    z.object({
      name: z.string(),
      model: z.string(),
      modified_at: z.iso.datetime(),
      size: z.literal(0),
      digest: z.string(),
      details: Details,
    }),
  ),
});

/** The answer of `POST /api/show`. */
export const OllamaModel = z.object({
  modelfile: z.string(),
  parameters: z.string(),
  template: z.string(),
  modified_at: z.iso.datetime(),
  details: Details,
  model_info: z.record(z.string(), z.union([z.string(), Count])),
  capabilities: z.array(z.string()),
});

/** The answer of `GET /api/version`. */
export const OllamaVersion = z.object({ version: z.string() });
