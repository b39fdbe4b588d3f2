import { z } from 'zod';

import { OutputItem, OutputPart, SummaryPart } from './output-item-schema.ts';
import { Response } from './answer-schemas.ts';

const numbered = { sequence_number: z.int().nonnegative() };
const atItem = { ...numbered, output_index: z.int().nonnegative() };
const inItem = { ...atItem, item_id: z.string() };
const inPart = { ...inItem, content_index: z.int().nonnegative() };
const inSummary = { ...inItem, summary_index: z.int().nonnegative() };
const logprobs = z.array(z.unknown()).length(0);

const LifeEvent = z.object({
  type: z.enum([
    'response.created',
    'response.queued',
    'response.in_progress',
    'response.completed',
    'response.incomplete',
    'response.failed',
  ]),
  ...numbered,
  response: Response,
});

const event = <Type extends string, Fields extends z.ZodRawShape>(type: Type, fields: Fields) =>
  z.object({ type: z.literal(`response.${type}`), ...fields });

/** One event of a streamed response; its `event:` line bears the same `type`. */
export const ResponseEvent = z.discriminatedUnion('type', [
  LifeEvent,
  event('output_item.added', { ...atItem, item: OutputItem }),
  event('output_item.done', { ...atItem, item: OutputItem }),
  event('content_part.added', { ...inPart, part: OutputPart }),
  event('content_part.done', { ...inPart, part: OutputPart }),
  event('output_text.delta', { ...inPart, delta: z.string(), logprobs }),
  event('output_text.done', { ...inPart, text: z.string(), logprobs }),
  event('refusal.delta', { ...inPart, delta: z.string() }),
  event('refusal.done', { ...inPart, refusal: z.string() }),
  event('function_call_arguments.delta', { ...inItem, delta: z.string() }),
  event('function_call_arguments.done', { ...inItem, name: z.string(), arguments: z.string() }),
  event('custom_tool_call_input.delta', { ...inItem, delta: z.string() }),
  event('custom_tool_call_input.done', { ...inItem, input: z.string() }),
  event('reasoning_summary_part.added', { ...inSummary, part: SummaryPart }),
  event('reasoning_summary_part.done', { ...inSummary, part: SummaryPart }),
  event('reasoning_summary_text.delta', { ...inSummary, delta: z.string() }),
  event('reasoning_summary_text.done', { ...inSummary, text: z.string() }),
  z.object({
    type: z.literal('error'),
    code: z.string().nullable(),
    message: z.string(),
    param: z.string().nullable(),
    sequence_number: z.int().nonnegative().optional(),
  }),
]);
