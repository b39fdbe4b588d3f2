import { z } from 'zod';

const Count = z.int().nonnegative();

const ToolUse = z.object({
  type: z.literal('tool_use'),
  id: z.string(),
  name: z.string(),
  input: z.record(z.string(), z.unknown()),
  caller: z.object({ type: z.literal('direct') }),
});

const Thinking = z.object({
  type: z.literal('thinking'),
  thinking: z.string(),
  signature: z.string(),
});

const RedactedThinking = z.object({ type: z.literal('redacted_thinking'), data: z.string() });

/** What a message begins with, whole or streamed. */
export const messageHead = {
  id: z.string(),
  type: z.literal('message'),
  role: z.literal('assistant'),
  model: z.string().describe('The full id of the model that answered.'),
  container: z.null(),
  diagnostics: z.null(),
  stop_details: z.null(),
};

/** Counts that the end of a stream tells, too. */
export const messageCounts = {
  input_tokens: Count,
  output_tokens: Count,
  cache_read_input_tokens: Count,
  cache_creation_input_tokens: Count,
  output_tokens_details: z.object({ thinking_tokens: Count }).nullable(),
  server_tool_use: z.null(),
};

export const MessageUsage = z.object({
  ...messageCounts,
  cache_creation: z.null(),
  inference_geo: z.null(),
  service_tier: z.null(),
  speed: z.null(),
});

export const StopReason = z.enum([
  'end_turn',
  'stop_sequence',
  'max_tokens',
  'tool_use',
  'refusal',
  'model_context_window_exceeded',
  'pause_turn',
]);

/** The answer of `POST /v1/messages`. */
export const Message = z.object({
  ...messageHead,
  content: z.array(
    z.discriminatedUnion('type', [
      z.object({ type: z.literal('text'), text: z.string(), citations: z.null() }),
      Thinking,
      RedactedThinking,
      ToolUse,
    ]),
  ),
  stop_reason: StopReason,
  stop_sequence: z.string().nullable(),
  usage: MessageUsage,
});

/** What a block of a streamed message begins with. */
export const StartedBlock = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text'), text: z.literal(''), citations: z.null() }),
  Thinking,
  RedactedThinking,
  ToolUse,
]);

/** The answer of `POST /v1/messages/count_tokens`. */
export const MessageTokens = z.object({ input_tokens: Count });
