import { RunError } from '../run-error.ts';
import { createPatientWrites, type PatientWrites } from '../state/patient-writes.ts';
import { createIdleUse, type IdleUse } from './idle-use.ts';
import { createSessionLocks, type SessionLocks } from './session-locks.ts';
import { createSessionRemover } from './session-remover.ts';
import type { Session, SessionStore } from './session-store.ts';
import type { TranscriptPage } from './session-transcript.ts';
import { createSessionTurn, type SessionTurn, type SessionTurnOptions } from './session-turn.ts';

export type SessionsOptions = {
  store: SessionStore;
  /** A session that is not used for this long, in milliseconds, expires. */
  ttlMs: number;
  /** How many sessions a key may have; beyond that its oldest idle ones are removed. */
  maxPerKey: number;
  /** Default: of this book alone. */
  locks?: SessionLocks;
  removeTranscript: (id: string) => Promise<void>;
  readTranscript: (session: Session, limit: number) => Promise<TranscriptPage>;
  /** Called with failures to record a session; the run's answer is not affected. Default: nothing. */
  onProblem?: (error: unknown) => void;
  /** Default: what fails is not tried again. */
  writes?: Pick<PatientWrites, 'write'>;
  /** Milliseconds since 1970. Default: the system's clock. */
  now?: () => number;
};

/** What a new session is made of. */
type NewSession = Pick<Session, 'id' | 'keyId' | 'workingDirectory' | 'title'>;

/** The sessions of all keys. Another key's session gets the same `not-found` as none. */
export type Sessions = IdleUse & {
  list: (keyId: string) => Promise<readonly Session[]>;
  get: (id: string, keyId: string) => Promise<Session>;
  /** The last `limit` messages of a session, even while a run is adding to them. */
  read: (id: string, keyId: string, limit: number) => Promise<TranscriptPage>;
  /** Waits until no run uses the session, then removes it and its transcript. */
  delete: (id: string, keyId: string, signal?: AbortSignal) => Promise<void>;
  count: () => Promise<number>;
  removeExpired: () => Promise<void>;
  begin: (session: NewSession) => Promise<SessionTurn>;
  /** Waits until no other run uses the session; throws `not-found` if it was removed meanwhile. */
  resume: (session: Session, signal: AbortSignal) => Promise<SessionTurn>;
};

/** Makes the book that knows who owns which session, how long it lives, and whether it is in use. */
export function createSessions(options: SessionsOptions): Sessions {
  const { store, ttlMs, removeTranscript, onProblem = () => {}, now = Date.now } = options;
  const { locks = createSessionLocks(), writes = createPatientWrites({ onProblem }) } = options;
  const { maxPerKey } = options;
  const remover = createSessionRemover({ store, locks, maxPerKey, removeTranscript, onProblem });
  const { makeRoom, remove } = remover;
  const shared = { store, writes, makeRoom, remove, now };

  const isExpired = (session: Session) => session.lastUsedAt <= now() - ttlMs;
  const isAlive = async (session: Session) =>
    !isExpired(session) || (await locks.isHeld(session.id));

  const get: Sessions['get'] = async (id, keyId) => {
    const session = await store.read(id);
    if (session === undefined || session.keyId !== keyId || !(await isAlive(session))) {
      throw new RunError('not-found', 'There is no session with this id.', { param: 'sessionId' });
    }
    return session;
  };

  const hold = ({ id, keyId }: Session, signal: AbortSignal | undefined) =>
    lockAndRead(locks, id, signal, () => get(id, keyId));

  const toTurn = (turn: Pick<SessionTurnOptions, 'session' | 'isNew' | 'release'>) =>
    createSessionTurn({ ...shared, ...turn, onProblem });

  return {
    get,
    list: async (keyId) => filterAsync(await store.list(keyId), isAlive),
    async read(id, keyId, limit) {
      return options.readTranscript(await get(id, keyId), limit);
    },
    async delete(id, keyId, signal) {
      const { release } = await hold(await get(id, keyId), signal);
      try {
        await remove(id);
      } finally {
        release();
      }
    },
    async count() {
      const expired = await store.listUnusedSince(now() - ttlMs);
      return (await store.count()) - expired.length + (await filterAsync(expired, isAlive)).length;
    },
    async removeExpired() {
      const expired = await store.listUnusedSince(now() - ttlMs);
      await remover.removeAllIdle(expired, isExpired);
    },
    async begin(details) {
      const release = await locks.acquire(details.id, undefined);
      const session = { ...details, model: '', createdAt: now(), lastUsedAt: now(), turns: 0 };
      return toTurn({ session, isNew: true, release });
    },
    ...createIdleUse({ ...shared, locks, get }),
    async resume(session, signal) {
      return toTurn({ ...(await hold(session, signal)), isNew: false });
    },
  };
}

/** Waits for a session's lock and reads the session then; gives the lock back if that fails. */
async function lockAndRead(
  locks: SessionLocks,
  id: string,
  signal: AbortSignal | undefined,
  read: () => Promise<Session>,
) {
  const release = await locks.acquire(id, signal);
  try {
    return { session: await read(), release };
  } catch (error) {
    release();
    throw error;
  }
}

async function filterAsync<Item>(
  items: readonly Item[],
  fits: (item: Item) => Promise<boolean>,
): Promise<readonly Item[]> {
  const fit = await Promise.all(items.map(fits));
  return items.filter((_, index) => fit[index]);
}
