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

/** So many answers to one request, at most; each is a run of its own. */
export const MOST_CHOICES = 8;

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

/** The usage of several answers to one prompt, which counts once. */
export function sumUsage(all: readonly TokenUsage[]) {
  const [first, ...others] = all;
  if (!first) throw new Error('There is no answer without its usage.');
  return toUsage({
    ...first,
    output: others.reduce((sum, { output }) => sum + output, first.output),
    reasoning: all.reduce((sum, { reasoning = 0 }) => sum + reasoning, 0),
  });
}
