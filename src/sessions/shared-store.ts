import {
  createJsonReader,
  createSharedRecords,
  type SharedRecordsOptions,
} from '../state/shared-records.ts';
import { Session, type SessionStore } from './session-store.ts';

/**
 * How much longer than its lifetime a cluster knows a session, in milliseconds: a server that was away for some weeks
 * still removes what has expired meanwhile, with its transcript.
 */
export const KNOWN_AFTER_MS = 30 * 24 * 3_600_000;

/** A store in the Redis of a cluster. All throw `queue-timeout` while that is away. */
export function createSharedStore({
  shared,
  ttlMs,
}: Omit<SharedRecordsOptions, 'name'>): SessionStore {
  const records = createSharedRecords({ shared, ttlMs: ttlMs + KNOWN_AFTER_MS, name: 'sessions' });

  const { read, readAll } = createJsonReader(records, Session);
  const readListed = (listed: readonly { id: string }[]) => readAll(listed.map(({ id }) => id));

  return {
    read,
    async write(session) {
      const { id, keyId, lastUsedAt } = session;
      const text = JSON.stringify(session);
      await records.write({ id, ownerId: keyId, order: lastUsedAt, note: '', isOpen: false, text });
    },
    remove: records.remove,
    list: async (keyId) => readListed(await records.listOf(keyId, 0)),
    listUnusedSince: async (time) => readListed(await records.listUntil(time)),
    count: records.count,
    close: () => Promise.resolve(), // the connection is not its own
  };
}
