import { z } from 'zod';

import type { CallType } from './tools/tool-kinds.ts';

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

const Action = z.looseObject({ type: z.string() });

const named = { name: z.string(), namespace: z.string().optional() };

const call = <Type extends CallType, Fields extends z.ZodRawShape>(
  type: Type,
  idPrefix: string,
  fields: Fields,
) =>
  z.object({
    type: z.literal(type),
    id: z.string().regex(new RegExp(`^${idPrefix}_`)),
    status: ItemStatus,
    call_id: z.string(),
    ...fields,
  });

/** An item of a response's output. */
export const OutputItem = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('message'),
    id: z.string().regex(/^msg_/),
    status: ItemStatus,
    role: z.literal('assistant'),
    content: z.array(OutputPart),
  }),
  call('function_call', 'fc', {
    ...named,
    arguments: z.string().describe('A JSON text, as the model wrote it.'),
  }),
  call('custom_tool_call', 'ctc', { ...named, input: z.string() }),
  call('local_shell_call', 'lsh', {
    action: z.object({
      type: z.literal('exec'),
      command: z.array(z.string()),
      env: z.record(z.string(), z.string()),
      timeout_ms: z.number().nullish(),
      user: z.string().nullish(),
      working_directory: z.string().nullish(),
    }),
  }),
  call('shell_call', 'sh', {
    action: z.object({
      commands: z.array(z.string()),
      timeout_ms: z.number().nullable(),
      max_output_length: z.number().nullable(),
    }),
    environment: z.null(),
  }),
  call('apply_patch_call', 'apc', {
    operation: z.object({
      type: z.enum(['create_file', 'update_file', 'delete_file']),
      path: z.string(),
      diff: z.string().optional(),
    }),
  }),
  call('computer_call', 'cu', {
    action: Action.optional(),
    actions: z.array(Action).optional(),
    pending_safety_checks: z.array(z.unknown()).length(0),
  }),
  call('tool_search_call', 'tsc', {
    execution: z.literal('client'),
    arguments: z.record(z.string(), z.unknown()),
  }),
  z.object({
    type: z.literal('compaction'),
    id: z.string().regex(/^cmp_/),
    encrypted_content: z.string(),
  }),
  z.object({
    type: z.literal('reasoning'),
    id: z.string().regex(/^rs_/),
    summary: z.array(SummaryPart),
    encrypted_content: z.string().nullish(),
  }),
]);
