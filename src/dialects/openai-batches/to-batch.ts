import type { z } from 'zod';

import type { Batch, BatchFile, BatchProblem, BatchState } from '../../batch.ts';
import { toSeconds } from '../shared/openai-answer.ts';
import type { OpenaiBatch, OpenaiFile } from './answer-schemas.ts';
import type { BatchBody } from './body.ts';
import { isBatchEndpoint } from './endpoints.ts';

const STATUS = {
  filling: 'validating',
  running: 'in_progress',
  cancelling: 'cancelling',
  completed: 'completed',
  expired: 'expired',
  cancelled: 'cancelled',
  failed: 'failed',
} satisfies Record<BatchState, z.infer<typeof OpenaiBatch>['status']>;

/** What is kept of a batch for the API. */
export type BatchDetails = { inputFileId: string; metadata: Record<string, string> | null };

/** What is kept of a request for a batch. */
export function toDetails({ input_file_id, metadata = null }: BatchBody): BatchDetails {
  return { inputFileId: input_file_id, metadata };
}

/** A batch as the API shows it. */
export function toBatch(batch: Batch): z.infer<typeof OpenaiBatch> {
  const { state, counts, endedAt, endpoint, problems } = batch;
  const { inputFileId, metadata } = batch.details as BatchDetails; // as `toDetails` made them
  const endedAs = (wanted: BatchState) => toTime(state === wanted ? endedAt : undefined);
  if (!isBatchEndpoint(endpoint)) throw new TypeError('A batch of another API.');
  return {
    id: batch.id,
    object: 'batch',
    endpoint,
    errors: problems.length > 0 ? { object: 'list', data: problems.map(toError) } : null,
    input_file_id: inputFileId,
    completion_window: '24h',
    status: STATUS[state],
    output_file_id: batch.outputFileId ?? null,
    error_file_id: batch.errorFileId ?? null,
    created_at: toSeconds(batch.createdAt),
    in_progress_at: toTime(batch.startedAt),
    expires_at: toSeconds(batch.expiresAt),
    finalizing_at: endedAs('completed'),
    completed_at: endedAs('completed'),
    failed_at: endedAs('failed'),
    expired_at: endedAs('expired'),
    cancelling_at: toTime(batch.cancelledAt),
    cancelled_at: endedAs('cancelled'),
    request_counts: {
      total: counts.total,
      completed: counts.succeeded,
      failed: counts.errored,
    },
    metadata,
  };
}

/** A file as the API shows it. */
export function toFile(file: BatchFile): z.infer<typeof OpenaiFile> {
  return {
    id: file.id,
    object: 'file',
    bytes: file.bytes,
    created_at: toSeconds(file.createdAt),
    expires_at: toSeconds(file.expiresAt),
    filename: file.name,
    purpose: file.purpose,
    status: 'processed',
  };
}

/** A page of a list. */
export function toList<Item extends { id: string }>(data: readonly Item[], hasMore: boolean) {
  return {
    object: 'list' as const,
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: hasMore,
  };
}

function toError({ code, message, param, line }: BatchProblem) {
  return { code, message, param: param ?? null, line: line ?? null };
}

function toTime(timeMs: number | undefined) {
  return timeMs === undefined ? null : toSeconds(timeMs);
}
