import { z } from 'zod';

import { BATCH_ENDPOINTS } from './endpoints.ts';

const Count = z.int().nonnegative();
const Time = z.int();
const MaybeTime = Time.nullable();

const BatchError = z.object({
  code: z.string(),
  message: z.string(),
  param: z.string().nullable(),
  line: z.int().nullable(),
});

/** A batch of `/v1/batches`, at any time of its life. */
export const OpenaiBatch = z.object({
  id: z.string().regex(/^batch_/),
  object: z.literal('batch'),
  endpoint: z.enum(BATCH_ENDPOINTS),
  errors: z.object({ object: z.literal('list'), data: z.array(BatchError) }).nullable(),
  input_file_id: z.string(),
  completion_window: z.literal('24h'),
  status: z.enum([
    'validating',
    'failed',
    'in_progress',
    'completed',
    'expired',
    'cancelling',
    'cancelled',
  ]),
  output_file_id: z.string().nullable(),
  error_file_id: z.string().nullable(),
  created_at: Time,
  in_progress_at: MaybeTime,
  expires_at: Time,
  finalizing_at: MaybeTime,
  completed_at: MaybeTime,
  failed_at: MaybeTime,
  expired_at: MaybeTime,
  cancelling_at: MaybeTime,
  cancelled_at: MaybeTime,
  request_counts: z.object({ total: Count, completed: Count, failed: Count }),
  metadata: z.record(z.string(), z.string()).nullable(),
});

/** A file of `/v1/files`. */
export const OpenaiFile = z.object({
  id: z.string().regex(/^file-/),
  object: z.literal('file'),
  bytes: Count,
  created_at: Time,
  expires_at: Time,
  filename: z.string(),
  purpose: z.enum(['batch', 'batch_output']),
  status: z.literal('processed'),
});

function toList<Item extends z.ZodType>(item: Item) {
  return z.object({
    object: z.literal('list'),
    data: z.array(item),
    first_id: z.string().nullable(),
    last_id: z.string().nullable(),
    has_more: z.boolean(),
  });
}

export const OpenaiBatches = toList(OpenaiBatch);
export const OpenaiFiles = toList(OpenaiFile);

export const DeletedFile = z.object({
  id: z.string(),
  object: z.literal('file'),
  deleted: z.literal(true),
});
