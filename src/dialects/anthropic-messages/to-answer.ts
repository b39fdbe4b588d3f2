import type { RunEnd, RunFinish, RunStart, TokenUsage } from '../../run.ts';
import type { AnswerPart, RunAnswer } from '../../run-answer.ts';

const STOP_REASONS = {
  stop: 'end_turn',
  'stop-sequence': 'stop_sequence',
  length: 'max_tokens',
  'tool-calls': 'tool_use',
  refusal: 'refusal',
  'context-full': 'model_context_window_exceeded',
  paused: 'pause_turn',
  'max-turns': 'end_turn',
  'max-budget': 'end_turn',
  interrupted: 'end_turn',
} satisfies Record<RunFinish, string>;

/** A whole message of the Messages API. */
export function toAnswer({ start, parts, end }: RunAnswer): object {
  return {
    ...toMessageHead(start),
    content: parts.flatMap((part) => toBlock(part) ?? []),
    ...toStop(end),
    usage: toUsage(end.usage),
  };
}

/** What a message begins with, whole or streamed. The 1.x SDK types want the nulls. */
export function toMessageHead({ id, model }: RunStart) {
  return {
    id,
    type: 'message',
    role: 'assistant',
    model,
    container: null,
    diagnostics: null,
    stop_details: null,
  };
}

export function toStop({ finish, stopSequence }: RunEnd) {
  return { stop_reason: STOP_REASONS[finish], stop_sequence: stopSequence ?? null };
}

export function toUsage(usage: TokenUsage) {
  return {
    ...toCounts(usage),
    cache_creation: null,
    inference_geo: null,
    service_tier: null,
    speed: null,
  };
}

/** The part of the usage that the end of a stream tells. */
export function toCounts(usage: TokenUsage) {
  return {
    input_tokens: usage.input,
    output_tokens: usage.output,
    cache_read_input_tokens: usage.cacheRead,
    cache_creation_input_tokens: usage.cacheWrite,
    output_tokens_details:
      usage.reasoning === undefined ? null : { thinking_tokens: usage.reasoning },
    server_tool_use: null,
  };
}

function toBlock(part: AnswerPart): object | undefined {
  switch (part.type) {
    case 'text':
      // The 1.x SDK types want the null; @ai-sdk/anthropic takes it from its major 4 on.
      return { type: 'text', text: part.text, citations: null };
    case 'reasoning':
      return { type: 'thinking', thinking: part.text, signature: part.signature ?? '' };
    case 'redacted-reasoning':
      return { type: 'redacted_thinking', data: part.data };
    case 'tool-call':
      return toCall(part, readInput(part.input));
    case 'tool-result':
      return undefined; // only agents have those
  }
}

/** A call by the model itself, and not by code that it wrote. */
export function toCall({ id, name }: { id: string; name: string }, input: unknown) {
  return { type: 'tool_use', id, name, input, caller: { type: 'direct' } };
}

/** The model may be cut off in the middle of its arguments. */
function readInput(json: string): unknown {
  try {
    return json === '' ? {} : JSON.parse(json);
  } catch {
    return { _raw: json };
  }
}
