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
  /**
   * Removes a session if nobody is using it and it still matches. Resolves with whether it did; failures
   * go to `onProblem`.
   */
  removeIdle: (id: string, matches: (session: Session) => boolean) => Promise<boolean>;
  /** Removes a key's oldest idle sessions until it has no more than `maxPerKey`. */
  makeRoom: (keyId: string) => Promise<void>;
};

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

  const removeIdle: SessionRemover['removeIdle'] = async (id, matches) => {
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
    removeIdle,
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
