import { z } from 'zod';

import {
  createJsonReader,
  createSharedRecords,
  type SharedRecordsOptions,
} from '../../state/shared-records.ts';
import { FileFields, type FileTable, ROW_BYTES, type StoredFile } from '../batch-tables.ts';
import { toFileId } from '../end-batch.ts';

const Stored = FileFields.extend({ batchId: z.string().optional() });

/** Which files there are, in the Redis of a cluster, in the order in which their time is over. */
export function createSharedFiles(options: Omit<SharedRecordsOptions, 'name'>): FileTable {
  const records = createSharedRecords({ ...options, name: 'batch-files' });
  const { read, readAll } = createJsonReader(records, Stored);
  const listOf = async (keyId: string): Promise<readonly StoredFile[]> => {
    const all = await readAll((await records.listOf(keyId, 0)).map(({ id }) => id));
    return all.map(toStored).toSorted(byAge);
  };

  return {
    add: (file) =>
      records.write({
        id: file.id,
        ownerId: file.keyId,
        order: file.expiresAt,
        note: file.purpose === 'batch' ? String(file.bytes + ROW_BYTES) : '0',
        isOpen: false,
        text: JSON.stringify(file),
      }),
    async read(id) {
      const file = await read(id);
      return file && toStored(file);
    },
    async list(keyId, { after, purpose, order, limit }) {
      const all = (await listOf(keyId)).filter(
        (file) => file.purpose === (purpose ?? file.purpose),
      );
      const ordered = order === 'asc' ? all : all.toReversed();
      const first = after === undefined ? 0 : ordered.findIndex(({ id }) => id === after) + 1;
      return after !== undefined && first === 0 ? [] : ordered.slice(first, first + limit);
    },
    async listOfBatch(batchId) {
      const made = [toFileId(batchId, 'output'), toFileId(batchId, 'error')];
      return (await readAll(made)).map(toStored);
    },
    async listExpired(time) {
      const found = await records.listUntil(time);
      return (await readAll(found.map(({ id }) => id))).map(toStored);
    },
    listUploads: async (keyId, spared = '') =>
      (await listOf(keyId)).filter(({ id, purpose }) => purpose === 'batch' && id !== spared),
    usedBytes: async (keyId) =>
      (await records.listOf(keyId, 0)).reduce((sum, { note }) => sum + Number(note), 0),
    remove: records.remove,
  };
}

function toStored({ batchId, ...file }: z.output<typeof Stored>): StoredFile {
  return { ...file, batchId };
}

function byAge(one: StoredFile, other: StoredFile) {
  return one.createdAt - other.createdAt;
}
