import { setTimeout as delay } from 'node:timers/promises';

import type { Batch } from '../batch.ts';
import { createDeadline } from '../common/deadline.ts';
import { MOST_LOSSES, toLostTooOften } from '../most-losses.ts';
import { type RunError, type RunErrorCode, toRunError } from '../run-error.ts';
import type { Attempt, BatchKind } from './batch-kind.ts';
import type { BatchStore, Settled } from './batch-tables.ts';

export type AnswerParts = {
  store: Pick<BatchStore, 'items'>;
  /** Does one after the other what it is given. */
  alone: <Result>(work: () => Promise<Result>) => Promise<Result>;
  /** Waits for a place behind everything else of the key, and returns what frees it. */
  enter: (keyId: string, signal: AbortSignal) => Promise<() => void>;
  /** Longest time of one answer, a wait for a cluster's worker included, in milliseconds. */
  itemTimeoutMs: number;
  onProblem: (error: unknown) => void;
  /** Aborts when the server ends, or another one carries the batch out. */
  closing: AbortSignal;
};

/** What became of a try: `later` is not for ever, `stopped` is nobody's fault, `refused` holds for the whole key. */
export type Tried = 'settled' | 'stopped' | 'refused' | { laterMs: number };

/** These pass, or somebody sees to them; a batch has time. */
const PASSING: ReadonlySet<RunErrorCode> = new Set([
  'rate-limited',
  'overloaded',
  'queue-full',
  'queue-timeout',
  'not-logged-in',
  'storage-failed',
]);

const USUAL_WAIT_MS = 60_000;
const LONGEST_WAIT_MS = 600_000;

/** A store that takes nothing is tried again: what was answered is paid for, and what is not left counts as lost. */
const KEEP_AGAIN_MS = 5000;

type Item = { batch: Batch; number: number; kind: BatchKind; losses: number };

/**
 * Has one request of a batch answered in a quiet moment, and keeps what becomes of it. Of those that are begun for the
 * last time, since servers were lost with them, there is one at a time: when this one is lost, too, the others were not
 * the reason.
 */
export async function answerItem(
  batch: Batch,
  number: number,
  kind: BatchKind,
  parts: AnswerParts & { signal: AbortSignal },
): Promise<Tried> {
  let losses: number;
  try {
    losses = await parts.store.items.countBegun(batch.id, number);
  } catch (error) {
    return toTried(toRunError(error), 'stopped');
  }
  const answering = () => answer({ batch, number, kind, losses }, parts);
  return losses === MOST_LOSSES ? parts.alone(answering) : answering();
}

async function answer(
  { batch, number, kind, losses }: Item,
  { signal, ...parts }: AnswerParts & { signal: AbortSignal },
): Promise<Tried> {
  const { store, enter } = parts;
  let leave: (() => void) | undefined;
  let tried: Settled | Tried;
  try {
    leave = await enter(batch.keyId, signal);
    const item = await store.items.begin(batch.id, number);
    if (!item) return 'settled';
    const attempt = kind.begin(batch, item);
    tried = losses > MOST_LOSSES ? toLost(attempt) : await tryOnce(attempt, { ...parts, signal });
  } catch (error) {
    return signal.aborted ? 'stopped' : toTried(toRunError(error), 'stopped');
  } finally {
    leave?.();
  }
  if (typeof tried === 'string' || 'laterMs' in tried) {
    await keep(() => store.items.leave(batch.id, number), parts);
    return tried;
  }
  const settled = { number, ...tried };
  return keep(() => store.items.settle(batch.id, [settled]), parts);
}

async function tryOnce(
  attempt: Attempt,
  { itemTimeoutMs, signal }: Pick<AnswerParts, 'itemTimeoutMs'> & { signal: AbortSignal },
): Promise<Settled | Tried> {
  const deadline = createDeadline(itemTimeoutMs, signal);
  try {
    return await attempt.answer(deadline.signal);
  } catch (cause) {
    if (signal.aborted) return 'stopped';
    const error = toRunError(cause);
    return toTried(error, { outcome: 'errored', line: attempt.toFailed(error) });
  } finally {
    deadline.end();
  }
}

function toLost(attempt: Attempt): Settled {
  return { outcome: 'errored', line: attempt.toFailed(toLostTooOften()) };
}

function toTried<Otherwise>(error: RunError, otherwise: Otherwise): Tried | Otherwise {
  const { code, retryAfterSeconds } = error;
  if (code === 'shutting-down') return 'stopped';
  if (code === 'unauthenticated') return 'refused';
  if (!PASSING.has(code)) return otherwise;
  const waitMs = retryAfterSeconds === undefined ? USUAL_WAIT_MS : retryAfterSeconds * 1000;
  return { laterMs: Math.min(LONGEST_WAIT_MS, Math.max(1000, waitMs)) };
}

async function keep(
  write: () => Promise<void>,
  { onProblem, closing }: Pick<AnswerParts, 'onProblem' | 'closing'>,
): Promise<Tried> {
  for (;;) {
    try {
      await write();
      return 'settled';
    } catch (error) {
      if (!closing.aborted) onProblem(error);
    }
    try {
      await delay(KEEP_AGAIN_MS, undefined, { ref: false, signal: closing });
    } catch {
      return 'stopped';
    }
  }
}
