import { z } from 'zod';

const Count = z.int().nonnegative();

/** Tokens of an answer, as the completions APIs count them. */
export const OpenaiUsage = z.object({
  prompt_tokens: Count,
  completion_tokens: Count,
  total_tokens: Count,
  prompt_tokens_details: z.object({
    cached_tokens: Count,
    cache_write_tokens: Count,
    audio_tokens: Count,
  }),
  completion_tokens_details: z.object({
    reasoning_tokens: Count,
    audio_tokens: Count,
    accepted_prediction_tokens: Count,
    rejected_prediction_tokens: Count,
  }),
});
