import type { RunFinish, TokenUsage } from '../../run.ts';

/** How a run finished, in the words of the completions APIs. */
export const FINISH_REASONS = {
  stop: 'stop',
  'stop-sequence': 'stop',
  length: 'length',
  'tool-calls': 'tool_calls',
  refusal: 'content_filter',
  'context-full': 'length',
  paused: 'stop',
  'max-turns': 'length',
  'max-budget': 'length',
  interrupted: 'stop',
} satisfies Record<RunFinish, string>;

/** What `refusal` holds; a model may refuse without a word. */
export function toRefusal(text: string): string {
  return text || 'The model refused to answer.';
}

/** OpenAI's time stamps. */
export function toSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}

/** OpenAI counts cached tokens among the prompt tokens; the Messages API counts them apart. */
export function toUsage(usage: TokenUsage) {
  const prompt = usage.input + usage.cacheRead + usage.cacheWrite;
  return {
    prompt_tokens: prompt,
    completion_tokens: usage.output,
    total_tokens: prompt + usage.output,
    prompt_tokens_details: {
      cached_tokens: usage.cacheRead,
      cache_write_tokens: usage.cacheWrite,
      audio_tokens: 0,
    },
    completion_tokens_details: {
      reasoning_tokens: usage.reasoning ?? 0,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}
