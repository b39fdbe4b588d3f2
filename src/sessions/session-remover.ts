import type { SessionLocks } from './session-locks.ts';
import type { Session, SessionStore } from './session-store.ts';

export type SessionRemoverOptions = {
  store: Pick<SessionStore, 'read' | 'list' | 'remove'>;
  locks: SessionLocks;
  maxPerKey: number;
  removeTranscript: (id: string) => Promise<void>;
  onProblem: (error: unknown) => void;
};

export type SessionRemover = {
  /** Removes a session, whose lock the caller holds, and its transcript. */
  remove: (id: string) => Promise<void>;
  /** Removes those of the sessions that nobody is using and that still match; failures go to `onProblem`. */
  removeAllIdle: (
    sessions: readonly Session[],
    matches: (session: Session) => boolean,
  ) => Promise<void>;
  /** Removes a key's oldest idle sessions until it has no more than `maxPerKey`. */
  makeRoom: (keyId: string) => Promise<void>;
};

/** There may be thousands after a long time without a server: all at once would hold up everything else. */
const REMOVED_AT_ONCE = 50;

/** Makes what removes sessions: on request, when they expire, or to make room for others. */
export function createSessionRemover({
  store,
  locks,
  maxPerKey,
  removeTranscript,
  onProblem,
}: SessionRemoverOptions): SessionRemover {
  /** The transcript goes first: if that fails, the session can still be named to try again. */
  const remove = async (id: string) => {
    await removeTranscript(id);
    await store.remove(id);
    locks.forget(id);
  };

  /** Resolves with whether it was removed. */
  const removeIdle = async (id: string, matches: (session: Session) => boolean) => {
    let release: (() => void) | undefined;
    try {
      release = await locks.tryAcquire(id);
      const session = release && (await store.read(id));
      if (session === undefined || !matches(session)) return false;
      await remove(id);
      return true;
    } catch (error) {
      onProblem(error);
      return false;
    } finally {
      release?.();
    }
  };

  return {
    remove,
    async removeAllIdle(sessions, matches) {
      for (let from = 0; from < sessions.length; from += REMOVED_AT_ONCE) {
        const some = sessions.slice(from, from + REMOVED_AT_ONCE);
        await Promise.all(some.map(({ id }) => removeIdle(id, matches)));
      }
    },
    async makeRoom(keyId) {
      // One at a time per key, on all servers: two that make room at once would remove too many.
      const release = await locks.acquire(`room-${keyId}`, undefined);
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
    },
  };
}
