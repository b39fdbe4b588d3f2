import type {
  RunEvent,
  RunFinish,
  RunProgress,
  RunStart,
  StartedPart,
  TokenUsage,
} from '../../run.ts';
import type { ApiEvent, ApiUsage } from './protocol.ts';

type MessageStart = Extract<ApiEvent, { type: 'message_start' }>;
type BlockEvent = Extract<ApiEvent, { index: number }>;

/** `stop_reason` of the Messages API → how a run finished. */
const FINISHES: Readonly<Record<string, RunFinish>> = {
  end_turn: 'stop',
  stop_sequence: 'stop-sequence',
  max_tokens: 'length',
  tool_use: 'tool-calls',
  refusal: 'refusal',
  model_context_window_exceeded: 'context-full',
  pause_turn: 'paused',
};

/** The process is alive, but wrote nothing that is part of the answer. */
export const HEARD: RunProgress = { type: 'run-progress', step: 'heard' };

export function toRunStart({ message }: MessageStart, sessionId: string | undefined): RunStart {
  return {
    type: 'run-start',
    id: message.id,
    model: message.model,
    sessionId,
    usage: toTokenUsage(message.usage),
  };
}

/** An event of a content block. `offset` is the number of parts of earlier messages of the run. */
export function toPartEvent(event: BlockEvent, offset = 0): RunEvent {
  const index = event.index + offset;
  switch (event.type) {
    case 'content_block_start':
      return { type: 'part-start', index, part: toStartedPart(event.content_block) };
    case 'content_block_stop':
      return { type: 'part-end', index };
    case 'content_block_delta':
      return toDeltaEvent(event.delta, index);
  }
}

export function toFinish(stopReason: string): RunFinish {
  return FINISHES[stopReason] ?? 'stop';
}

/** Adds what is known later to what was known at the start; the API's counts are cumulative. */
export function toTokenUsage(
  usage: ApiUsage,
  earlier: TokenUsage = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: undefined },
): TokenUsage {
  return {
    input: usage.input_tokens ?? earlier.input,
    output: usage.output_tokens ?? earlier.output,
    cacheRead: usage.cache_read_input_tokens ?? earlier.cacheRead,
    cacheWrite: usage.cache_creation_input_tokens ?? earlier.cacheWrite,
    reasoning: usage.output_tokens_details?.thinking_tokens ?? earlier.reasoning,
  };
}

function toStartedPart(
  block: Extract<BlockEvent, { type: 'content_block_start' }>['content_block'],
): StartedPart {
  switch (block.type) {
    case 'text':
      return { type: 'text' };
    case 'thinking':
      return { type: 'reasoning' };
    case 'redacted_thinking':
      return { type: 'redacted-reasoning', data: block.data };
    case 'tool_use':
      return { type: 'tool-call', id: block.id, name: block.name };
  }
}

function toDeltaEvent(
  delta: Extract<BlockEvent, { type: 'content_block_delta' }>['delta'],
  index: number,
): RunEvent {
  switch (delta.type) {
    case 'text_delta':
      return { type: 'part-delta', index, delta: delta.text };
    case 'thinking_delta':
      return { type: 'part-delta', index, delta: delta.thinking };
    case 'input_json_delta':
      return { type: 'part-delta', index, delta: delta.partial_json };
    case 'signature_delta':
      return { type: 'part-signature', index, signature: delta.signature };
  }
}
