import { randomUUID } from 'node:crypto';

import type { BatchFile } from '../batch.ts';
import { RunError } from '../run-error.ts';
import type { BatchBook } from './batch-book.ts';
import type { BatchStore, FilePage } from './batch-tables.ts';
import { type Room, toOutcomes } from './room.ts';
import type { Uploads } from './uploads.ts';

/** What came, before it is known what it is for. */
export type ReceivedFile = { id: string; bytes: number };

export type FileBook = {
  /** Writes what comes, piece by piece. Throws `request-too-large`. */
  receive: (keyId: string, pieces: AsyncIterable<Uint8Array>) => Promise<ReceivedFile>;
  /** Keeps it. Throws `request-too-large`, and keeps nothing then. */
  keep: (
    file: ReceivedFile,
    details: { keyId: string; name: string; ttlMs: number | undefined },
  ) => Promise<BatchFile>;
  /** Forgets what is not kept. */
  drop: (file: ReceivedFile) => Promise<void>;
  /** Throws `not-found`, for another key's file as for none. */
  get: (id: string, keyId: string) => Promise<BatchFile>;
  list: (keyId: string, page: FilePage) => Promise<readonly BatchFile[]>;
  /** Its bytes. Throws `not-found`, when the first is read. */
  read: (id: string, keyId: string) => AsyncIterable<Uint8Array | string>;
  remove: (id: string, keyId: string) => Promise<void>;
};

export type FileBookOptions = {
  store: BatchStore;
  uploads: Uploads;
  room: Pick<Room, 'make' | 'removeFile'>;
  readLines: BatchBook['readLines'];
  maxFileBytes: number;
  /** What a key may send at the same time. */
  maxBytesPerKey: number;
  /** Longest time that a file is kept, in milliseconds. */
  ttlMs: number;
  now: () => number;
};

/** Makes the book of the files: who owns which, and where its bytes are. */
export function createFileBook(options: FileBookOptions): FileBook {
  const { store, uploads, room, readLines, ttlMs, now } = options;
  const meter = createMeter(options);

  const find = async (id: string, keyId: string) => {
    const file = await store.files.read(id);
    if (file?.keyId === keyId && file.expiresAt > now()) return file;
    throw new RunError('not-found', 'There is no file with this id.', { param: 'file_id' });
  };

  return {
    async receive(keyId, pieces) {
      const id = `file-${randomUUID().replaceAll('-', '')}`;
      const counted = meter(keyId, pieces);
      await uploads.write(id, counted.pieces);
      return { id, bytes: counted.bytes() };
    },
    async keep({ id, bytes }, { keyId, name, ttlMs: wishedMs = ttlMs }) {
      const createdAt = now();
      const expiresAt = createdAt + Math.min(wishedMs, ttlMs);
      try {
        await room.make(keyId, bytes);
        const file = { id, keyId, name, purpose: 'batch', bytes, createdAt, expiresAt } as const;
        await store.files.add({ ...file, batchId: undefined });
        return file;
      } catch (error) {
        await uploads.remove(id);
        throw error;
      }
    },
    drop: ({ id }) => uploads.remove(id),
    get: find,
    list: store.files.list,
    async *read(id, keyId) {
      const file = await find(id, keyId);
      if (file.batchId === undefined) yield* uploads.read(id);
      else yield* readLines(file.batchId, await toOutcomes(store, file));
    },
    remove: async (id, keyId) => room.removeFile(await find(id, keyId)),
  };
}

/** Counts what comes, for the file and for all that its key sends at the same time. */
function createMeter({
  maxFileBytes,
  maxBytesPerKey,
}: Pick<FileBookOptions, 'maxFileBytes' | 'maxBytesPerKey'>) {
  const coming = new Map<string, number>();

  return (keyId: string, pieces: AsyncIterable<Uint8Array>) => {
    let bytes = 0;
    const add = (length: number) => coming.set(keyId, (coming.get(keyId) ?? 0) + length);
    async function* counted() {
      try {
        for await (const piece of pieces) {
          bytes += piece.length;
          add(piece.length);
          if (bytes > maxFileBytes) throw toTooLarge('MAX_FILE_BYTES');
          if ((coming.get(keyId) ?? 0) > maxBytesPerKey)
            throw toTooLarge('MAX_BATCH_BYTES_PER_KEY');
          yield piece;
        }
      } finally {
        add(-bytes);
      }
    }
    return { pieces: counted(), bytes: () => bytes };
  };
}

function toTooLarge(setting: string) {
  return new RunError(
    'request-too-large',
    `The file is larger than this server takes (${setting}).`,
  );
}
