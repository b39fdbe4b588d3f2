import { z } from 'zod';

import {
  createJsonReader,
  createSharedRecords,
  type SharedOwner,
  type SharedRecordsOptions,
} from '../state/shared-records.ts';
import type { ResponseStore, StoredResponse } from './response-store.ts';

const Stored = z.object({
  id: z.string(),
  keyId: z.string(),
  createdAt: z.number(),
  isFinished: z.boolean(),
  response: z.record(z.string(), z.unknown()),
  input: z.array(z.record(z.string(), z.unknown())),
  events: z.array(z.string()),
});

export type SharedStoreOptions = Omit<SharedRecordsOptions, 'name'> & {
  /** Where it stands whose response it is to write; what another server writes is left out. Default: anybody's. */
  toOwner?: ((id: string) => SharedOwner) | undefined;
};

/** A store in the Redis of a cluster. All throw `queue-timeout` while that is away. */
export function createSharedStore({ toOwner, ...place }: SharedStoreOptions): ResponseStore {
  const records = createSharedRecords({ ...place, name: 'responses' });

  const { read, readAll } = createJsonReader(records, Stored);

  return {
    read,
    async write(response) {
      const { id, keyId, createdAt, isFinished } = response;
      const note = String(toBytes(response));
      const text = JSON.stringify(response);
      await records.write({
        id,
        ownerId: keyId,
        order: createdAt,
        note,
        isOpen: !isFinished,
        text,
        owner: toOwner?.(id),
      });
    },
    remove: records.remove,
    async listNewest(keyId, most) {
      if (most <= 0) return [];
      return readAll((await records.listOf(keyId, most)).map(({ id }) => id));
    },
    listBeyond: (keyId, { count, bytes }) => records.listBeyond(keyId, { count, sum: bytes }),
    // Each front asks again and again, and their inputs may be many megabytes.
    listUnfinished: async () => (await records.listOpen()).map((id) => ({ id })),
    removeCreatedUntil: records.removeUntil,
    close: () => Promise.resolve(), // the connection is not its own
  };
}

function toBytes({ response, input, events }: StoredResponse) {
  const texts = [response, input, events].map((part) => JSON.stringify(part));
  return Buffer.byteLength(texts.join(''));
}
