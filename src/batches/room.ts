import { setImmediate } from 'node:timers/promises';

import type { ItemOutcome } from '../batch.ts';
import { RunError } from '../run-error.ts';
import type { BatchStore, StoredFile } from './batch-tables.ts';
import type { Uploads } from './uploads.ts';

export type RoomOptions = {
  store: BatchStore;
  uploads: Pick<Uploads, 'remove'>;
  /** What the files and batches of a key may take together. */
  maxBytesPerKey: number;
};

export type Room = {
  /**
   * Makes room for so many more bytes of a key: what ended first is removed, then what was uploaded first and
   * no batch waits for. Throws `request-too-large` when that is not enough.
   */
  make: (keyId: string, bytes: number, spared?: string) => Promise<void>;
  removeBatch: (id: string) => Promise<void>;
  removeFile: (file: StoredFile) => Promise<void>;
};

const FAILED: readonly ItemOutcome[] = ['errored', 'cancelled', 'expired'];

/** Which answers stand in a file that was made of a batch's. */
export async function toOutcomes(
  store: BatchStore,
  file: StoredFile,
): Promise<readonly ItemOutcome[]> {
  const batch = await store.batches.read(file.batchId ?? '');
  return batch?.outputFileId === file.id ? ['succeeded'] : FAILED;
}

/** Makes what removes batches and files, a little at a time. */
export function createRoom({ store, uploads, maxBytesPerKey }: RoomOptions): Room {
  const { batches, items, files } = store;

  async function removeItems(batchId: string, outcomes?: readonly ItemOutcome[]) {
    while (await items.removeSome(batchId, outcomes)) await setImmediate();
  }

  async function removeBatch(id: string) {
    await removeItems(id);
    for (const file of await files.listOfBatch(id)) await files.remove(file.id);
    await batches.remove(id);
  }

  async function removeFile(file: StoredFile) {
    if (file.batchId === undefined) await uploads.remove(file.id);
    else await removeItems(file.batchId, await toOutcomes(store, file));
    await files.remove(file.id);
  }

  const isFull = async (keyId: string, bytes: number) =>
    (await batches.usedBytes(keyId)) + (await files.usedBytes(keyId)) + bytes > maxBytesPerKey;

  async function removeOne(keyId: string, spared: string | undefined): Promise<boolean> {
    const ended = await batches.findOldestEnded(keyId, spared);
    if (ended !== undefined) {
      await removeBatch(ended);
      return true;
    }
    const awaited = await listAwaited(store);
    const uploaded = await files.listUploads(keyId, spared);
    const upload = uploaded.find(({ id }) => !awaited.has(id));
    if (upload) await removeFile(upload);
    return upload !== undefined;
  }

  return {
    async make(keyId, bytes, spared) {
      while (await isFull(keyId, bytes)) {
        if (await removeOne(keyId, spared)) continue;
        throw new RunError(
          'request-too-large',
          'The files and batches of this key would take more than they may (MAX_BATCH_BYTES_PER_KEY): delete some, or wait until a batch has ended.',
        );
      }
    },
    removeBatch,
    removeFile,
  };
}

/** The ids of files that a batch has not read yet. */
async function listAwaited({ batches }: BatchStore) {
  const filling = (await batches.listUnfinished()).filter(({ state }) => state === 'filling');
  return new Set(filling.map(({ details }) => details['inputFileId']));
}
