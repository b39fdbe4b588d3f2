import { z } from 'zod';

/** The bodies of Ollama's API. https://github.com/ollama/ollama/blob/main/docs/api.md */

const Images = z.array(z.string()).nullish();

const ToolCall = z.looseObject({
  id: z.string().nullish(),
  function: z.looseObject({
    name: z.string(),
    arguments: z.record(z.string(), z.unknown()).nullish(),
  }),
});

const Message = z.looseObject({
  role: z.enum(['system', 'user', 'assistant', 'tool']),
  content: z.string().nullish(),
  images: Images,
  tool_calls: z.array(ToolCall).nullish(),
  tool_name: z.string().nullish(),
  tool_call_id: z.string().nullish(),
});

const Tool = z.looseObject({
  type: z.literal('function').nullish(),
  function: z.looseObject({
    name: z.string().min(1),
    description: z.string().nullish(),
    parameters: z.record(z.string(), z.unknown()).nullish(),
  }),
});

const Options = z.looseObject({
  temperature: z.number().min(0).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  top_k: z.int().nonnegative().nullish(),
  stop: z.union([z.string(), z.array(z.string())]).nullish(),
  /** Negative: no limit. */
  num_predict: z.int().nullish(),
});

const NO_LOGPROBS = 'the claude CLI reports no log probabilities';

const shared = {
  model: z.string().min(1),
  stream: z.boolean().nullish(),
  format: z
    .union([z.enum(['', 'json']), z.record(z.string(), z.unknown())], 'must be "json" or a schema')
    .nullish(),
  options: Options.nullish(),
  think: z.union([z.boolean(), z.enum(['low', 'medium', 'high'])]).nullish(),
  logprobs: z.literal(false, NO_LOGPROBS).nullish(),
};

/** The body of `POST /api/chat`. */
export const OllamaChatBody = z.looseObject({
  ...shared,
  messages: z.array(Message),
  tools: z.array(Tool).nullish(),
});

/** The body of `POST /api/generate`. */
export const OllamaGenerateBody = z.looseObject({
  ...shared,
  prompt: z.string().nullish(),
  system: z.string().nullish(),
  images: Images,
  suffix: z.literal('', 'text is not inserted, only continued').nullish(),
});

/** The body of `POST /api/show`; older clients call the model `name`. */
export const OllamaShowBody = z
  .looseObject({ model: z.string().nullish(), name: z.string().nullish() })
  .refine(({ model, name }) => model || name, { path: ['model'], message: 'is required' });

export type OllamaChatBody = z.infer<typeof OllamaChatBody>;
export type OllamaGenerateBody = z.infer<typeof OllamaGenerateBody>;
export type OllamaShowBody = z.infer<typeof OllamaShowBody>;
