import { createReadStream, createWriteStream, mkdirSync, readdirSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** The bytes that callers uploaded, each file by itself. */
export type Uploads = {
  /** Writes a file piece by piece. What the pieces throw, or the store, leaves nothing behind. */
  write: (id: string, pieces: AsyncIterable<Uint8Array>) => Promise<void>;
  /** Opens it when the first piece is read. Throws for one that is not there. */
  read: (id: string) => AsyncIterable<Uint8Array>;
  remove: (id: string) => Promise<void>;
  /** What stands there, half written files among them. */
  list: () => readonly string[];
};

/** Half of a file is never taken for the whole of it. */
const PART = '.part';

/** The uploads on disk, each in a file of a folder, which is made if missing, for this user only. */
export function createUploads(folder: string): Uploads {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const toPath = (id: string) => join(folder, id);

  return {
    async write(id, pieces) {
      const part = toPath(id) + PART;
      try {
        await pipeline(pieces, createWriteStream(part, { mode: 0o600 }));
        await rename(part, toPath(id));
      } catch (error) {
        await rm(part, { force: true });
        throw error;
      }
    },
    async *read(id) {
      yield* createReadStream(toPath(id)) as AsyncIterable<Uint8Array>; // no encoding is set
    },
    remove: (id) => rm(toPath(id), { force: true }),
    list: () => readdirSync(folder),
  };
}
