import { z } from 'zod';

import { OpenaiUsage } from '../shared/openai-usage-schema.ts';

const FinishReason = z.enum(['stop', 'length', 'tool_calls', 'function_call', 'content_filter']);

const FunctionCall = z.object({
  name: z.string(),
  arguments: z.string().describe('A JSON text, as the model wrote it.'),
});

const ToolCall = z.discriminatedUnion('type', [
  z.object({
    id: z.string(),
    type: z.literal('function'),
    function: FunctionCall,
  }),
  z.object({
    id: z.string(),
    type: z.literal('custom'),
    custom: z.object({ name: z.string(), input: z.string() }),
  }),
]);

/** The answer of `POST /v1/chat/completions`. */
export const ChatCompletion = z.object({
  id: z.string().regex(/^chatcmpl-/),
  object: z.literal('chat.completion'),
  created: z.int().describe('When the request arrived, in seconds since 1970.'),
  model: z.string().describe('The full id of the model that answered.'),
  choices: z
    .array(
      z.object({
        index: z.int().nonnegative(),
        message: z.object({
          role: z.literal('assistant'),
          content: z.string().nullable(),
          refusal: z.string().nullable(),
          reasoning_content: z.string().optional().describe('Thinking, where it was asked for.'),
          tool_calls: z.array(ToolCall).optional(),
          function_call: FunctionCall.optional().describe('Where `functions` were offered.'),
        }),
        logprobs: z.null(),
        finish_reason: FinishReason,
      }),
    )
    .min(1),
  usage: OpenaiUsage,
});

const FunctionCallDelta = z.object({ name: z.string().optional(), arguments: z.string() });

const ToolCallDelta = z.object({
  index: z.int().nonnegative(),
  id: z.string().optional(),
  type: z.enum(['function', 'custom']).optional(),
  function: FunctionCallDelta.optional(),
  custom: z.object({ name: z.string().optional(), input: z.string() }).optional(),
});

/** One piece of a streamed chat completion. */
export const ChatCompletionChunk = z.object({
  id: z.string().regex(/^chatcmpl-/),
  object: z.literal('chat.completion.chunk'),
  created: z.int(),
  model: z.string(),
  choices: z
    .array(
      z.object({
        index: z.int().nonnegative(),
        delta: z.object({
          role: z.literal('assistant').optional(),
          content: z.string().optional(),
          refusal: z.string().nullish(),
          reasoning_content: z.string().optional(),
          tool_calls: z.array(ToolCallDelta).length(1).optional(),
          function_call: FunctionCallDelta.optional(),
        }),
        logprobs: z.null(),
        finish_reason: FinishReason.nullable(),
      }),
    )
    .max(1),
  usage: OpenaiUsage.nullish().describe('With `stream_options.include_usage`, in the last chunk.'),
});
