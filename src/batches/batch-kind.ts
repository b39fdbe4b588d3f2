import type { Batch, BatchProblem, ItemOutcome } from '../batch.ts';
import type { RunError } from '../run-error.ts';
import type { BatchItem, Settled } from './batch-tables.ts';

/** A request as it is put into a batch; `body` is its JSON text. */
export type NewItem = Omit<BatchItem, 'number'>;

/** Takes requests in. Throws `queue-full` and `request-too-large` when the key may have no more. */
export type AddItems = (items: readonly NewItem[]) => Promise<void>;

/** A try at a request of a batch. */
export type Attempt = {
  /** Asks for the answer. Throws what the run throws. */
  answer: (signal: AbortSignal) => Promise<Settled>;
  /** What its caller reads when it fails. */
  toFailed: (error: RunError) => string;
};

/** What the batches of one API have of their own. */
export type BatchKind = {
  /**
   * Takes the requests in from where they stand; resolves with what is wrong with them. Default: whoever makes
   * the batch does so.
   */
  fill?: (batch: Batch, add: AddItems) => Promise<readonly BatchProblem[]>;
  /** One try at a request. */
  begin: (batch: Batch, item: BatchItem) => Attempt;
  /** What its caller reads of a request that was never carried out. */
  toUnanswered: (item: BatchItem, outcome: Extract<ItemOutcome, 'cancelled' | 'expired'>) => string;
  /** Whether the answers are handed out as files. */
  hasFiles: boolean;
};

export type BatchKinds = Readonly<Record<Batch['api'], BatchKind>>;
