import type { ItemOutcome } from '../../batch.ts';

/** Whose answer a line is. */
type Named = { customId: string; requestId: string };

/** What came of a request: the status and the body that it would have had by itself. */
export function toAnsweredLine({ customId, requestId }: Named, status: number, body: object) {
  const response = { status_code: status, request_id: requestId, body };
  return JSON.stringify({ id: toId(requestId), custom_id: customId, response, error: null });
}

const UNANSWERED = {
  expired: {
    code: 'batch_expired',
    message: 'This request could not be executed before the completion window expired.',
  },
  cancelled: {
    code: 'batch_cancelled',
    message: 'This request was not executed: the batch was cancelled.',
  },
} satisfies Record<Extract<ItemOutcome, 'expired' | 'cancelled'>, object>;

/** The same for a request that was never carried out. */
export function toUnansweredLine(
  { customId, requestId }: Named,
  outcome: keyof typeof UNANSWERED,
): string {
  const error = UNANSWERED[outcome];
  return JSON.stringify({ id: toId(requestId), custom_id: customId, response: null, error });
}

function toId(requestId: string) {
  return `batch_${requestId}`;
}
