import type { z } from 'zod';

import type { Batch, BatchState, ItemOutcome } from '../../batch.ts';
import type { RunError } from '../../run-error.ts';
import type { MessageBatch, MessageBatches } from './batch-schemas.ts';
import { anthropicFailures } from './failures.ts';

type Shown = z.infer<typeof MessageBatch>;

/** Where batches of messages are made. */
export const BATCHES_PATH = '/v1/messages/batches';

const STATUS = {
  filling: 'in_progress',
  running: 'in_progress',
  cancelling: 'canceling',
  completed: 'ended',
  expired: 'ended',
  cancelled: 'ended',
  failed: 'ended',
} satisfies Record<BatchState, Shown['processing_status']>;

/** A batch as the API shows it. */
export function toMessageBatch(batch: Batch): Shown {
  const { id, state, endedAt, cancelledAt } = batch;
  return {
    id,
    type: 'message_batch',
    processing_status: STATUS[state],
    request_counts: toCounts(batch),
    ended_at: toTime(endedAt),
    created_at: toIso(batch.createdAt),
    expires_at: toIso(batch.expiresAt),
    archived_at: null,
    cancel_initiated_at: toTime(cancelledAt),
    // The official clients put it behind their base URL, which the server cannot know behind a reverse proxy.
    results_url: endedAt === undefined ? null : `${BATCHES_PATH}/${id}/results`,
  };
}

/** A page of a list. */
export function toMessageBatches(
  batches: readonly Batch[],
  hasMore: boolean,
): z.infer<typeof MessageBatches> {
  const data = batches.map(toMessageBatch);
  return {
    data,
    has_more: hasMore,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
  };
}

/** The API counts nothing as done before all is. */
function toCounts({ endedAt, counts }: Batch): Shown['request_counts'] {
  if (endedAt === undefined) {
    return { processing: counts.total, succeeded: 0, errored: 0, canceled: 0, expired: 0 };
  }
  const { succeeded, errored, cancelled: canceled, expired } = counts;
  return { processing: 0, succeeded, errored, canceled, expired };
}

/** The line of a request's answer. */
export function toSucceededLine(customId: string, message: object): string {
  return toLine(customId, { type: 'succeeded', message });
}

/** The line of a request that failed. */
export function toErroredLine(customId: string, error: RunError, requestId: string): string {
  const { body } = anthropicFailures.toFailure(error, requestId);
  return toLine(customId, { type: 'errored', error: body });
}

/** The line of a request that was never carried out. */
export function toUnansweredLine(
  customId: string,
  outcome: Extract<ItemOutcome, 'cancelled' | 'expired'>,
): string {
  return toLine(customId, { type: outcome === 'cancelled' ? 'canceled' : outcome });
}

function toLine(customId: string, result: object) {
  return JSON.stringify({ custom_id: customId, result });
}

function toTime(timeMs: number | undefined) {
  return timeMs === undefined ? null : toIso(timeMs);
}

function toIso(timeMs: number) {
  return new Date(timeMs).toISOString();
}
