import { z } from 'zod';

const ItemStatus = z.enum(['in_progress', 'completed', 'incomplete']);

const OutputText = z.object({
  type: z.literal('output_text'),
  text: z.string(),
  annotations: z.array(z.unknown()).length(0),
  logprobs: z.array(z.unknown()).length(0),
});

const Refusal = z.object({ type: z.literal('refusal'), refusal: z.string() });

export const SummaryPart = z.object({ type: z.literal('summary_text'), text: z.string() });

export const OutputPart = z.discriminatedUnion('type', [OutputText, Refusal]);

/** An item of a response's output. */
export const OutputItem = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('message'),
    id: z.string().regex(/^msg_/),
    status: ItemStatus,
    role: z.literal('assistant'),
    content: z.array(OutputPart),
  }),
  z.object({
    type: z.literal('function_call'),
    id: z.string().regex(/^fc_/),
    status: ItemStatus,
    call_id: z.string(),
    name: z.string(),
    arguments: z.string().describe('A JSON text, as the model wrote it.'),
  }),
  z.object({
    type: z.literal('reasoning'),
    id: z.string().regex(/^rs_/),
    summary: z.array(SummaryPart),
    encrypted_content: z.string().nullish(),
  }),
]);
