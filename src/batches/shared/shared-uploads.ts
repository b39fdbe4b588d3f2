import { RunError } from '../../run-error.ts';
import type { SharedState } from '../../state/shared-state.ts';
import type { Uploads } from '../uploads.ts';

export type SharedUploadsOptions = {
  shared: SharedState;
  /** How long a file is kept, in milliseconds. */
  ttlMs: number;
};

/** Bytes that are written, or read, at once. */
const PIECE_BYTES = 262_144;

/** How long half a file is kept, in milliseconds. */
const HALF_MS = 600_000;

/** The last piece: a file of which it cannot be read was removed meanwhile, or is not there. */
const END = Buffer.alloc(0);

/** What callers uploaded, in the Redis of a cluster, encrypted piece by piece. */
export function createSharedUploads({ shared, ttlMs }: SharedUploadsOptions): Uploads {
  const { toKey, ask, encrypt, decrypt } = shared;
  const toUpload = (id: string) => toKey('batches', 'upload', id);
  const remove = async (id: string) => void (await ask((redis) => redis.del(toUpload(id))));

  const append = async (id: string, number: number, piece: Buffer) => {
    const sealed = encrypt(piece.toString('latin1'), toPlace(id, number));
    await ask((redis) =>
      redis.multi().rpush(toUpload(id), sealed).pexpire(toUpload(id), HALF_MS).exec(),
    );
  };

  return {
    async write(id, pieces) {
      let number = 0;
      try {
        for await (const piece of toEven(pieces)) {
          await append(id, number, piece);
          number += 1;
        }
        await append(id, number, END);
        await ask((redis) => redis.pexpire(toUpload(id), ttlMs));
      } catch (error) {
        await remove(id).catch(ignore); // it goes by itself
        throw error;
      }
    },
    async *read(id) {
      for (let number = 0; ; number += 1) {
        const [sealed] = await ask((redis) => redis.lrangeBuffer(toUpload(id), number, number));
        if (!sealed) throw new RunError('not-found', 'This file is not there any more.');
        const piece = Buffer.from(decrypt(sealed, toPlace(id, number)), 'latin1');
        if (piece.length === END.length) return;
        yield piece;
      }
    },
    remove,
    list: () => [], // half of a file goes by itself
  };
}

/** The same bytes in pieces of one size. */
async function* toEven(pieces: AsyncIterable<Uint8Array>): AsyncIterable<Buffer> {
  let held: Buffer[] = [];
  let length = 0;
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length; at += PIECE_BYTES) {
      const part = Buffer.from(piece.subarray(at, at + PIECE_BYTES));
      held.push(part);
      length += part.length;
      if (length < PIECE_BYTES) continue;
      yield Buffer.concat(held);
      held = [];
      length = 0;
    }
  }
  if (length > 0) yield Buffer.concat(held);
}

/** Where a piece can be decrypted. */
function toPlace(id: string, number: number) {
  return `upload ${id} ${number}`;
}

function ignore(): void {}
