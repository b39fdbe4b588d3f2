import { z } from 'zod';

import { BATCH_ENDPOINTS } from './endpoints.ts';

const HOUR_SECONDS = 3600;
const MONTH_SECONDS = 2_592_000;

/** When a file is deleted, counted from its beginning. */
const ExpiresAfter = z.object({
  anchor: z.literal('created_at'),
  seconds: z.coerce.number().int().min(HOUR_SECONDS).max(MONTH_SECONDS),
});

/** The fields of an uploaded file's form, the file aside. */
export const FileForm = z.looseObject({
  purpose: z.literal('batch', 'only `batch` is kept here'),
  'expires_after[anchor]': ExpiresAfter.shape.anchor.optional(),
  'expires_after[seconds]': ExpiresAfter.shape.seconds.optional(),
});

export type FileForm = z.infer<typeof FileForm>;

const ENDPOINTS = BATCH_ENDPOINTS.join(', ');

/** What `POST /v1/batches` takes. */
export const BatchBody = z.looseObject({
  input_file_id: z.string().min(1),
  endpoint: z.enum(BATCH_ENDPOINTS, `must be one of ${ENDPOINTS}; nothing else is batched here`),
  completion_window: z.literal('24h', 'must be `24h`'),
  metadata: z.record(z.string().max(64), z.string().max(512)).nullish(),
});

export type BatchBody = z.infer<typeof BatchBody>;

/** One line of a batch's file. */
export const BatchLine = z.looseObject({
  custom_id: z.string().min(1).max(256),
  method: z.literal('POST', 'must be `POST`'),
  url: z.string(),
  body: z.record(z.string(), z.unknown()),
});

export type BatchLine = z.infer<typeof BatchLine>;
