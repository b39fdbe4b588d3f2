import type { Batch, BatchProblem } from '../batch.ts';
import { RunError, type RunErrorCode, toRunError } from '../run-error.ts';
import type { AddItems, BatchKind } from './batch-kind.ts';
import type { BatchStore } from './batch-tables.ts';
import type { Room } from './room.ts';

export type FillParts = {
  store: BatchStore;
  room: Pick<Room, 'make'>;
  /** Requests of one key that may wait for their answers. */
  maxWaitingPerKey: number;
  /** Aborts when the server ends. */
  closing: AbortSignal;
};

/** The store takes nothing at present. */
const AWAY: ReadonlySet<RunErrorCode> = new Set(['storage-failed', 'queue-timeout']);

/** Makes what takes requests into a batch, within what its key may have. */
export function toAddItems(
  { id, keyId }: Pick<Batch, 'id' | 'keyId'>,
  { store, room, maxWaitingPerKey, closing }: FillParts,
): AddItems {
  let count = 0;
  return async (items) => {
    closing.throwIfAborted();
    if ((await store.batches.countWaiting(keyId)) + items.length > maxWaitingPerKey) {
      throw new RunError(
        'queue-full',
        `The batches of this key may have ${maxWaitingPerKey} requests without an answer (MAX_BATCH_REQUESTS_PER_KEY). Try again when some have theirs.`,
      );
    }
    const bytes = items.reduce((sum, { body }) => sum + Buffer.byteLength(body), 0);
    await room.make(keyId, bytes, id);
    await store.items.add(id, items, count);
    count += items.length;
  };
}

/** Takes in what stands elsewhere, from the beginning; resolves with what is wrong with it. */
export async function fillBatch(
  batch: Batch,
  fill: NonNullable<BatchKind['fill']>,
  parts: FillParts,
): Promise<readonly BatchProblem[]> {
  const { items } = parts.store;
  // An earlier server may have come half the way.
  while (await items.removeSome(batch.id));
  await items.resetTotal(batch.id);
  try {
    return await fill(batch, toAddItems(batch, parts));
  } catch (error) {
    const { code, message } = toRunError(error);
    if (AWAY.has(code)) throw error; // it is begun again when the store takes it
    return [{ code: code.replaceAll('-', '_'), message }];
  }
}
