import { z } from 'zod';

/** A failure in the words of OpenAI. */
export const OpenaiFailure = z.object({
  error: z.object({
    message: z.string(),
    type: z.string(),
    param: z.string().nullable(),
    code: z.string().nullable(),
  }),
});

/** A failure in the words of Anthropic. */
export const AnthropicFailure = z.object({
  type: z.literal('error'),
  error: z.object({
    type: z.string(),
    message: z.string(),
    details: z.record(z.string(), z.unknown()).optional(),
  }),
  request_id: z.string(),
});

/** A failure under `/api`. */
export const DirectFailure = z.object({
  error: z.object({ code: z.string(), message: z.string(), param: z.string().optional() }),
  requestId: z.string(),
});
