import { randomUUID } from 'node:crypto';
import type {
  BlockDelta,
  ContentBlock,
  MessageDelta,
  StopReason,
  StreamEvent,
  Usage,
} from './stream-events.ts';

/** A block of an answer before it is cut into deltas. */
export type AnswerBlock =
  | { type: 'text'; pieces: readonly string[] }
  | { type: 'thinking'; thinking: string }
  | { type: 'tool_use'; id?: string; name: string; input: unknown };

/** Counts of an answer; what is absent has a small default. */
export type AnswerUsage = Partial<
  Pick<
    Usage,
    'input_tokens' | 'cache_read_input_tokens' | 'cache_creation_input_tokens' | 'output_tokens'
  >
>;

export type AnswerOptions = {
  /** Default `end_turn`. */
  stopReason?: StopReason;
  stopSequence?: string;
  stopDetails?: MessageDelta['stop_details'];
  usage?: AnswerUsage;
  /** Default: the model that the request names. */
  model?: string;
};

/** What text, thinking and JSON arguments are cut into: a word and the space before it. */
export function toWords(text: string): string[] {
  return text.match(/\s*\S+|\s+$/gu) ?? [];
}

/** An id as the API makes them. */
export function createId(prefix: 'msg' | 'toolu' | 'req'): string {
  return `${prefix}_01${randomUUID().replaceAll('-', '').slice(0, 22)}`;
}

/** All events of one answer, from `message_start` to `message_stop`. */
export function toMessageEvents(
  blocks: readonly AnswerBlock[],
  { stopReason = 'end_turn', stopSequence, stopDetails, usage, model }: AnswerOptions = {},
): StreamEvent[] {
  const counts = toUsage(blocks, usage);
  return [
    {
      type: 'message_start',
      message: {
        id: createId('msg'),
        type: 'message',
        role: 'assistant',
        model,
        content: [],
        diagnostics: null,
        ...toMessageDelta(null),
        usage: { ...counts, output_tokens: 1 },
      },
    },
    ...blocks.flatMap(toBlockEvents),
    {
      type: 'message_delta',
      delta: toMessageDelta(stopReason, stopSequence, stopDetails),
      usage: counts,
    },
    { type: 'message_stop' },
  ];
}

function toUsage(blocks: readonly AnswerBlock[], usage: AnswerUsage = {}): Usage {
  const { cache_creation_input_tokens: cacheWrites = 2 } = usage;
  return {
    input_tokens: 10,
    cache_creation_input_tokens: cacheWrites,
    cache_read_input_tokens: 3,
    output_tokens: Math.max(1, blocks.flatMap(toDeltas).length),
    cache_creation: { ephemeral_5m_input_tokens: cacheWrites, ephemeral_1h_input_tokens: 0 },
    inference_geo: null,
    output_tokens_details: null,
    server_tool_use: null,
    service_tier: 'standard',
    speed: null,
    ...usage,
  };
}

function toMessageDelta(
  stopReason: StopReason | null,
  stopSequence: string | null = null,
  stopDetails: MessageDelta['stop_details'] = null,
): MessageDelta {
  return {
    container: null,
    stop_details: stopDetails,
    stop_reason: stopReason,
    stop_sequence: stopSequence,
  };
}

function toBlockEvents(block: AnswerBlock, index: number): StreamEvent[] {
  return [
    { type: 'content_block_start', index, content_block: toStartedBlock(block) },
    // The API pings once, behind the first block's start.
    ...(index === 0 ? [{ type: 'ping' } as const] : []),
    ...toDeltas(block).map((delta) => ({ type: 'content_block_delta', index, delta }) as const),
    { type: 'content_block_stop', index },
  ];
}

function toStartedBlock(block: AnswerBlock): ContentBlock {
  switch (block.type) {
    case 'text':
      return { type: 'text', text: '', citations: null };
    case 'thinking':
      return { type: 'thinking', thinking: '', signature: '' };
    case 'tool_use':
      return {
        type: 'tool_use',
        id: block.id ?? createId('toolu'),
        name: block.name,
        input: {},
        caller: { type: 'direct' },
      };
  }
}

function toDeltas(block: AnswerBlock): BlockDelta[] {
  switch (block.type) {
    case 'text':
      return block.pieces.map((text) => ({ type: 'text_delta', text }));
    case 'thinking':
      return [
        ...toWords(block.thinking).map((thinking): BlockDelta => ({
          type: 'thinking_delta',
          thinking,
        })),
        {
          type: 'signature_delta',
          signature: Buffer.from(`demo:${block.thinking}`).toString('base64'),
        },
      ];
    case 'tool_use':
      // The API opens every call with an empty piece.
      return ['', ...toJsonPieces(block.input)].map((partial_json) => ({
        type: 'input_json_delta',
        partial_json,
      }));
  }
}

function toJsonPieces(input: unknown): string[] {
  return JSON.stringify(input).match(/.{1,12}/gu) ?? [];
}
