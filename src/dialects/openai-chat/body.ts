import { z } from 'zod';

import { MOST_CHOICES } from '../shared/openai-answer.ts';
import { JsonObjectFormat, PlainFormat, ReasoningEffort } from '../shared/openai-formats.ts';
import { ChatTool, ChatToolChoice, FunctionDefinition } from './tools.ts';

/**
 * The body of `POST /v1/chat/completions`.
 * https://platform.openai.com/docs/api-reference/chat/create
 */

const TextPart = z.looseObject({ type: z.literal('text'), text: z.string() });

const RefusalPart = z.looseObject({ type: z.literal('refusal'), refusal: z.string() });

const ImagePart = z.looseObject({
  type: z.literal('image_url'),
  image_url: z.looseObject({ url: z.string() }),
});

const FilePart = z.looseObject({
  type: z.literal('file'),
  file: z.looseObject({
    file_data: z.string().optional(),
    file_id: z.string().optional(),
    filename: z.string().optional(),
  }),
});

const AudioPart = z.looseObject({ type: z.literal('input_audio') });

const Text = z.union([z.string(), z.array(TextPart)]);

const SystemMessage = z.looseObject({ role: z.literal('system'), content: Text });

const DeveloperMessage = z.looseObject({ role: z.literal('developer'), content: Text });

const UserMessage = z.looseObject({
  role: z.literal('user'),
  content: z.union([
    z.string(),
    z.array(z.discriminatedUnion('type', [TextPart, ImagePart, FilePart, AudioPart])),
  ]),
});

const FunctionToolCall = z.looseObject({
  id: z.string(),
  type: z.literal('function').optional(),
  function: z.looseObject({ name: z.string(), arguments: z.string() }),
});

const CustomToolCall = z.looseObject({
  id: z.string(),
  type: z.literal('custom'),
  custom: z.looseObject({ name: z.string(), input: z.string() }),
});

const ToolCall = z.discriminatedUnion('type', [FunctionToolCall, CustomToolCall]);

/** What `tool_calls` are called in requests written before there were tools. */
const FunctionCall = z.looseObject({ name: z.string(), arguments: z.string() });

const AssistantMessage = z.looseObject({
  role: z.literal('assistant'),
  content: z
    .union([z.string(), z.array(z.discriminatedUnion('type', [TextPart, RefusalPart]))])
    .nullish(),
  refusal: z.string().nullish(),
  tool_calls: z.array(ToolCall).nullish(),
  function_call: FunctionCall.nullish(),
});

const ToolMessage = z.looseObject({
  role: z.literal('tool'),
  tool_call_id: z.string(),
  // OpenAI's own API takes texts only; what a tool found may be a picture.
  content: z.union([
    z.string(),
    z.array(z.discriminatedUnion('type', [TextPart, ImagePart, FilePart])),
  ]),
});

const FunctionMessage = z.looseObject({
  role: z.literal('function'),
  name: z.string(),
  content: z.string().nullish(),
});

const ChatMessage = z.discriminatedUnion('role', [
  SystemMessage,
  DeveloperMessage,
  UserMessage,
  AssistantMessage,
  ToolMessage,
  FunctionMessage,
]);

const ResponseFormat = z.discriminatedUnion('type', [
  PlainFormat,
  JsonObjectFormat,
  z.looseObject({
    type: z.literal('json_schema'),
    json_schema: z.looseObject({
      name: z.string(),
      description: z.string().nullish(),
      schema: z.record(z.string(), z.unknown()).optional(),
    }),
  }),
]);

export const ChatBody = z.looseObject({
  model: z.string().min(1),
  messages: z.array(ChatMessage).min(1),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  max_tokens: z.int().positive().nullish(),
  max_completion_tokens: z.int().positive().nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(4)]).nullish(),
  tools: z.array(ChatTool).nullish(),
  tool_choice: ChatToolChoice.nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  response_format: ResponseFormat.nullish(),
  reasoning_effort: ReasoningEffort.nullish(),
  n: z.int().min(1).max(MOST_CHOICES).nullish(),
  functions: z.array(FunctionDefinition).nullish(),
  function_call: z.union([z.enum(['auto', 'none']), z.looseObject({ name: z.string() })]).nullish(),
  logprobs: z.literal(false, 'the claude CLI reports no log probabilities').nullish(),
  modalities: z.array(z.literal('text', 'only text can be answered')).nullish(),
  user: z.string().nullish(),
});

export type ChatBody = z.infer<typeof ChatBody>;
export type ChatMessage = z.infer<typeof ChatMessage>;
