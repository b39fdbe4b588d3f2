import { setImmediate } from 'node:timers/promises';

import type { Batch, BatchProblem, ItemOutcome } from '../batch.ts';
import type { BatchKind } from './batch-kind.ts';
import type { BatchStore } from './batch-tables.ts';
import type { Room } from './room.ts';

export type EndParts = {
  store: BatchStore;
  room: Pick<Room, 'make'>;
  /** How long what is made of the answers is kept, in milliseconds. */
  ttlMs: number;
  now: () => number;
  /** Aborts when the server ends: the next one goes on with it. */
  closing: AbortSignal;
};

export type Ended = Extract<Batch['state'], 'completed' | 'expired' | 'cancelled' | 'failed'>;

/** Ends a batch: what has no answer gets its last word, and the answers become files where the API has files. */
export async function endBatch(
  batch: Batch,
  kind: BatchKind,
  state: Ended,
  parts: EndParts & { problems?: readonly BatchProblem[] },
): Promise<void> {
  const { store, room, now, closing, problems = [] } = parts;
  const outcome = state === 'expired' ? 'expired' : 'cancelled';
  for (;;) {
    const unanswered = await store.items.listUnanswered(batch.id);
    if (unanswered.length === 0) break;
    const settled = unanswered.map(
      (item) =>
        ({
          number: item.number,
          outcome,
          line: kind.toUnanswered(item, outcome),
        }) as const,
    );
    await store.items.settle(batch.id, settled);
    await setImmediate();
    closing.throwIfAborted();
  }
  const files = kind.hasFiles ? await addFiles(batch, parts) : NO_FILES;
  await store.batches.end(batch.id, { state, endedAt: now(), problems, ...files });
  // Its answers have made it larger; whoever waits for them gets them.
  await room.make(batch.keyId, 0, batch.id).catch(() => undefined);
}

/** What is made of a batch's answers. */
export type FileName = 'output' | 'error';

/** Always the same, so that an end that is cut off and done again makes no second file. */
export function toFileId(batchId: string, name: FileName): string {
  return `file-${batchId.slice(batchId.indexOf('_') + 1)}-${name}`;
}

const NO_FILES = { outputFileId: undefined, errorFileId: undefined };

async function addFiles({ id, keyId }: Batch, { store, ttlMs, now }: EndParts) {
  const add = async (name: FileName, outcomes: readonly ItemOutcome[]) => {
    const bytes = await store.items.countBytes(id, outcomes);
    if (bytes === 0) return undefined;
    const fileId = toFileId(id, name);
    await store.files.add({
      id: fileId,
      keyId,
      name: `${id}_${name}.jsonl`,
      purpose: 'batch_output',
      bytes,
      createdAt: now(),
      expiresAt: now() + ttlMs,
      batchId: id,
    });
    return fileId;
  };
  return {
    outputFileId: await add('output', ['succeeded']),
    errorFileId: await add('error', ['errored', 'cancelled', 'expired']),
  };
}
