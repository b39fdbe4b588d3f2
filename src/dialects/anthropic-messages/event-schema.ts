import { z } from 'zod';

import {
  messageCounts,
  messageHead,
  MessageUsage,
  StartedBlock,
  StopReason,
} from './answer-schemas.ts';
import { AnthropicFailure } from './failures.ts';

const index = z.int().nonnegative();

const MessageStart = z.object({
  type: z.literal('message_start'),
  message: z.object({
    ...messageHead,
    content: z.array(z.unknown()).length(0),
    stop_reason: z.null(),
    stop_sequence: z.null(),
    usage: MessageUsage,
  }),
});

const BlockDelta = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text_delta'), text: z.string() }),
  z.object({ type: z.literal('thinking_delta'), thinking: z.string() }),
  z.object({ type: z.literal('signature_delta'), signature: z.string() }),
  z.object({ type: z.literal('input_json_delta'), partial_json: z.string() }),
]);

const MessageDelta = z.object({
  type: z.literal('message_delta'),
  delta: z.object({
    stop_reason: StopReason,
    stop_sequence: z.string().nullable(),
    container: z.null(),
    stop_details: z.null(),
  }),
  usage: z.object(messageCounts),
});

/** One event of a streamed message; its `event:` line bears the same `type`. */
export const MessageEvent = z.discriminatedUnion('type', [
  MessageStart,
  z.object({ type: z.literal('ping') }),
  z.object({ type: z.literal('content_block_start'), index, content_block: StartedBlock }),
  z.object({ type: z.literal('content_block_delta'), index, delta: BlockDelta }),
  z.object({ type: z.literal('content_block_stop'), index }),
  MessageDelta,
  z.object({ type: z.literal('message_stop') }),
  AnthropicFailure,
]);
