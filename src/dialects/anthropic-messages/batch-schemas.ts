import { z } from 'zod';

const Count = z.int().nonnegative();
const Time = z.iso.datetime();

/** A batch of messages, at any time of its life. */
export const MessageBatch = z.object({
  id: z.string().regex(/^msgbatch_/),
  type: z.literal('message_batch'),
  processing_status: z.enum(['in_progress', 'canceling', 'ended']),
  request_counts: z.object({
    processing: Count,
    succeeded: Count,
    errored: Count,
    canceled: Count,
    expired: Count,
  }),
  ended_at: Time.nullable(),
  created_at: Time,
  expires_at: Time,
  archived_at: z.null(),
  cancel_initiated_at: Time.nullable(),
  /** A path of this server, wherever that is reached. */
  results_url: z.string().nullable(),
});

export const MessageBatches = z.object({
  data: z.array(MessageBatch),
  has_more: z.boolean(),
  first_id: z.string().nullable(),
  last_id: z.string().nullable(),
});

export const DeletedMessageBatch = z.object({
  id: z.string(),
  type: z.literal('message_batch_deleted'),
});
