import { RunError } from '../run-error.ts';
import type { TranscriptPage } from '../claude/agent/read-transcript.ts';
import { createSessionLocks } from './session-locks.ts';
import type { Session, SessionStore } from './session-store.ts';

export type SessionsOptions = {
  store: SessionStore;
  /** A session that rests this long, in milliseconds, is gone. */
  ttlMs: number;
  /** More than this, and a key's oldest idle session makes room. */
  maxPerKey: number;
  removeTranscript: (id: string) => Promise<void>;
  readTranscript: (id: string, limit: number) => Promise<TranscriptPage>;
  /** Told of failures that must not spoil an answer: the book is behind, the answer is paid. Default: nobody. */
  onProblem?: (error: unknown) => void;
  /** Milliseconds since 1970. Default: the system's clock. */
  now?: () => number;
};

/** What a new session is made of. */
type NewSession = Pick<Session, 'id' | 'keyId' | 'workingDirectory' | 'title'>;

/** One run on one session, which is locked from the beginning until `end`. */
export type SessionTurn = {
  id: string;
  /** Call when the run has really begun: a new session is recorded now. Never throws. */
  started: (model: string) => Promise<void>;
  /** Call in any case: counts the turn, or leaves no trace of a new session that never started. Never throws. */
  end: () => Promise<void>;
};

/** The sessions of all keys. Another key's session gets the same `not-found` as none. */
export type Sessions = {
  list: (keyId: string) => Promise<readonly Session[]>;
  get: (id: string, keyId: string) => Promise<Session>;
  /** The last messages of a session, as many as `limit`; a run may be adding to them. */
  read: (id: string, keyId: string, limit: number) => Promise<TranscriptPage>;
  /** Waits until no run is on, then removes the session and its transcript. */
  delete: (id: string, keyId: string, signal?: AbortSignal) => Promise<void>;
  count: () => Promise<number>;
  removeExpired: () => Promise<void>;
  begin: (session: NewSession) => Promise<SessionTurn>;
  /** Waits until no other run is on; `not-found` if the session went meanwhile. */
  resume: (session: Session, signal: AbortSignal) => Promise<SessionTurn>;
};

/** Makes the book that knows who owns which session, how long it lives, and who is on it. */
export function createSessions({
  store,
  ttlMs,
  maxPerKey,
  removeTranscript,
  readTranscript,
  onProblem = () => {},
  now = Date.now,
}: SessionsOptions): Sessions {
  const locks = createSessionLocks();
  /** One at a time per key: two that make room at once would remove too many. */
  const roomLocks = createSessionLocks();

  const isExpired = (session: Session): boolean => session.lastUsedAt <= now() - ttlMs;
  const isAlive = (session: Session): boolean => !isExpired(session) || locks.isHeld(session.id);

  const get: Sessions['get'] = async (id, keyId) => {
    const session = await store.read(id);
    if (session === undefined || session.keyId !== keyId || !isAlive(session)) {
      throw new RunError('not-found', 'There is no session with this id.', { param: 'sessionId' });
    }
    return session;
  };

  /** The transcript first: if that fails, the session can still be named to try again. */
  const remove = async (id: string): Promise<void> => {
    await removeTranscript(id);
    await store.remove(id);
  };

  /** Says whether the session is gone; one that is in use, or does not fit any more, stays. */
  const removeIdle = async (id: string, fits: (session: Session) => boolean): Promise<boolean> => {
    const release = locks.tryAcquire(id);
    if (release === undefined) return false;
    try {
      const session = await store.read(id);
      if (session === undefined || !fits(session)) return false;
      await remove(id);
      return true;
    } catch (error) {
      onProblem(error);
      return false;
    } finally {
      release();
    }
  };

  const makeRoom = async (keyId: string): Promise<void> => {
    const release = await roomLocks.acquire(keyId, undefined);
    try {
      const sessions = await store.list(keyId);
      let surplus = sessions.length - maxPerKey;
      for (const { id } of sessions.toReversed()) {
        if (surplus <= 0) return;
        if (await removeIdle(id, () => true)) surplus -= 1;
      }
    } finally {
      release();
    }
  };

  /** Returns the session with its lock held. */
  const hold = async ({ id, keyId }: Session, signal: AbortSignal | undefined) => {
    const release = await locks.acquire(id, signal);
    try {
      return { session: await get(id, keyId), release };
    } catch (error) {
      release();
      throw error;
    }
  };

  const toTurn = (session: Session, isNew: boolean, release: () => void): SessionTurn => {
    let current: Session | undefined;
    const record = async (change: Partial<Session>): Promise<void> => {
      current = { ...(current ?? session), lastUsedAt: now(), ...change };
      await store.write(current);
    };
    return {
      id: session.id,
      async started(model) {
        try {
          await record({ model });
          if (isNew) await makeRoom(session.keyId);
        } catch (error) {
          onProblem(error);
        }
      },
      async end() {
        try {
          if (current !== undefined) await record({ turns: current.turns + 1 });
          // The CLI writes before the API answers: what cannot be listed or deleted must not stay.
          else if (isNew) await removeTranscript(session.id);
        } catch (error) {
          onProblem(error);
        } finally {
          release();
        }
      },
    };
  };

  return {
    get,
    list: async (keyId) => (await store.list(keyId)).filter((session) => isAlive(session)),
    async read(id, keyId, limit) {
      await get(id, keyId);
      return readTranscript(id, limit);
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
      return (await store.count()) - expired.filter((session) => !isAlive(session)).length;
    },
    async removeExpired() {
      const expired = await store.listUnusedSince(now() - ttlMs);
      await Promise.all(expired.map(({ id }) => removeIdle(id, isExpired)));
    },
    async begin(details) {
      const session = { ...details, model: '', createdAt: now(), lastUsedAt: now(), turns: 0 };
      return toTurn(session, true, await locks.acquire(details.id, undefined));
    },
    async resume(session, signal) {
      const held = await hold(session, signal);
      return toTurn(held.session, false, held.release);
    },
  };
}
