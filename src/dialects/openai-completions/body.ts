import { z } from 'zod';

import { MOST_CHOICES } from '../shared/openai-answer.ts';

/**
 * The body of the legacy `POST /v1/completions`, which old scripts still call.
 * https://platform.openai.com/docs/api-reference/completions/create
 */
export const CompletionBody = z.looseObject({
  model: z.string().min(1),
  prompt: z.union([
    z.string(),
    z.array(z.string()).length(1, 'one prompt per request is possible; send n requests'),
  ]),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  max_tokens: z.int().positive().nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(4)]).nullish(),
  n: z.int().min(1).max(MOST_CHOICES).nullish(),
  best_of: z.literal(1, 'only one choice per request is possible').nullish(),
  echo: z.literal(false, 'the prompt is not repeated; put it before the answer yourself').nullish(),
  logprobs: z.literal(0, 'the claude CLI reports no log probabilities').nullish(),
  suffix: z.literal('', 'text is not inserted, only continued').nullish(),
  user: z.string().nullish(),
});

export type CompletionBody = z.infer<typeof CompletionBody>;
