import { randomUUID } from 'node:crypto';

import { RunError } from '../run-error.ts';
import type { PatientWrites } from '../state/patient-writes.ts';
import type { SessionLocks } from './session-locks.ts';
import type { Session, SessionStore } from './session-store.ts';

/** What is done with sessions that no run is on. All throw `not-found`, and `conflict` while one is. */
export type IdleUse = {
  /** Holds the session while it is worked with. */
  useIdle: <Result>(
    id: string,
    keyId: string,
    use: (session: Session) => Promise<Result>,
  ) => Promise<Result>;
  /**
   * A new session like this one, to which `copy` gives its history. What fails leaves nothing of it, at the latest
   * when the store is back.
   */
  fork: (
    id: string,
    keyId: string,
    copy: (source: Session, newId: string) => Promise<void>,
  ) => Promise<Session>;
};

export type IdleUseOptions = {
  store: Pick<SessionStore, 'write'>;
  locks: SessionLocks;
  writes: Pick<PatientWrites, 'write'>;
  get: (id: string, keyId: string) => Promise<Session>;
  /** Called when a new session is on record. */
  makeRoom: (keyId: string) => Promise<void>;
  /** Removes a session, whose lock is held, and its transcript. */
  remove: (id: string) => Promise<void>;
  /** Milliseconds since 1970. */
  now: () => number;
};

export function createIdleUse(options: IdleUseOptions): IdleUse {
  const { store, locks, writes, get, makeRoom, remove, now } = options;

  const useIdle: IdleUse['useIdle'] = async (id, keyId, use) => {
    await get(id, keyId);
    const release = await locks.tryAcquire(id);
    if (!release) throw new RunError('conflict', 'A run is on this session.', { param: 'id' });
    try {
      return await use(await get(id, keyId));
    } finally {
      release();
    }
  };

  return {
    useIdle,
    fork: (sourceId, keyId, copy) =>
      useIdle(sourceId, keyId, async (source) => {
        const id = randomUUID();
        const release = await locks.acquire(id, undefined);
        try {
          await copy(source, id);
          const session = { ...source, id, createdAt: now(), lastUsedAt: now() };
          await store.write(session);
          await makeRoom(keyId);
          release();
          return session;
        } catch (error) {
          const { settled } = await writes.write(() => remove(id));
          void settled.then(release);
          throw error;
        }
      }),
  };
}
