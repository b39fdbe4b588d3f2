import { z } from 'zod';

/** The answer is a text. */
export const PlainFormat = z.looseObject({ type: z.literal('text') });

/** The answer is JSON. Others than OpenAI's own API take a schema here, and their clients send one. */
export const JsonObjectFormat = z.looseObject({
  type: z.literal('json_object'),
  schema: z.record(z.string(), z.unknown()).nullish(),
});

/** How long to think. */
export const ReasoningEffort = z.enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']);
