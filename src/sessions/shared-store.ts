import { z } from 'zod';

import { createSharedRecords, type SharedRecordsOptions } from '../state/shared-records.ts';
import type { SessionStore } from './session-store.ts';

const Stored = z.object({
  id: z.string(),
  keyId: z.string(),
  workingDirectory: z.string(),
  model: z.string(),
  createdAt: z.number(),
  lastUsedAt: z.number(),
  turns: z.number(),
  title: z.string(),
});

/** A store in the Redis of a cluster. All throw `queue-timeout` while that is away. */
export function createSharedStore(place: Omit<SharedRecordsOptions, 'name'>): SessionStore {
  const records = createSharedRecords({ ...place, name: 'sessions' });

  const read: SessionStore['read'] = async (id) => {
    const text = await records.read(id);
    return text === undefined ? undefined : Stored.parse(JSON.parse(text));
  };
  const readAll = async (listed: readonly { id: string }[]) => {
    const found = await Promise.all(listed.map(({ id }) => read(id)));
    return found.filter((one) => one !== undefined);
  };

  return {
    read,
    async write(session) {
      const { id, keyId, lastUsedAt } = session;
      const text = JSON.stringify(session);
      await records.write({ id, ownerId: keyId, order: lastUsedAt, note: '', isOpen: false, text });
    },
    remove: records.remove,
    list: async (keyId) => readAll(await records.listOf(keyId, 0)),
    listUnusedSince: async (time) => readAll(await records.listUntil(time)),
    count: records.count,
    close: () => Promise.resolve(), // the connection is not its own
  };
}
