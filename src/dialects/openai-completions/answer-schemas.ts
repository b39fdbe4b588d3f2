import { z } from 'zod';

import { MOST_CHOICES } from '../shared/openai-answer.ts';
import { OpenaiUsage } from '../shared/openai-usage-schema.ts';

/** The answer of `POST /v1/completions`, and one piece of it when streamed. */
export const TextCompletion = z.object({
  id: z.string().regex(/^cmpl-/),
  object: z.literal('text_completion'),
  created: z.int().describe('When the request arrived, in seconds since 1970.'),
  model: z.string().describe('The full id of the model that answered.'),
  choices: z
    .array(
      z.object({
        text: z.string(),
        index: z.int().nonnegative(),
        logprobs: z.null(),
        finish_reason: z.enum(['stop', 'length', 'tool_calls', 'content_filter']).nullable(),
      }),
    )
    .max(MOST_CHOICES),
  usage: OpenaiUsage.optional(),
});
