import type { PatientWrites } from '../state/patient-writes.ts';
import type { Session, SessionStore } from './session-store.ts';

/** One run on one session, which is locked from the beginning until `end`. */
export type SessionTurn = {
  id: string;
  /** Call when the run has really begun: a new session is recorded now. Never throws. */
  started: (model: string) => Promise<void>;
  /**
   * Call in any case: counts the turn, or removes all traces of a new session that never started. Never throws. The
   * session stays locked while it is tried again to write what failed; nobody waits here for that.
   */
  end: () => Promise<void>;
};

export type SessionTurnOptions = {
  session: Session;
  isNew: boolean;
  /** Gives the session's lock back. */
  release: () => void;
  store: Pick<SessionStore, 'write'>;
  writes: Pick<PatientWrites, 'write'>;
  /** Called when a new session was recorded. */
  makeRoom: (keyId: string) => Promise<void>;
  /** Removes a session, whose lock is held, and its transcript. */
  remove: (id: string) => Promise<void>;
  onProblem: (error: unknown) => void;
  /** Milliseconds since 1970. */
  now: () => number;
};

/** Makes the turn of a session whose lock is held. */
export function createSessionTurn({
  session,
  isNew,
  release,
  store,
  writes,
  makeRoom,
  remove,
  onProblem,
  now,
}: SessionTurnOptions): SessionTurn {
  let current: Session | undefined;

  return {
    id: session.id,
    async started(model) {
      try {
        current = { ...session, model, lastUsedAt: now() };
        await store.write(current);
        if (isNew) await makeRoom(session.keyId);
      } catch (error) {
        onProblem(error);
      }
    },
    async end() {
      if (current === undefined && !isNew) return release();
      const ended = current && { ...current, turns: current.turns + 1, lastUsedAt: now() };
      // The CLI writes before the API answers, and what cannot be listed or deleted must not stay.
      const { settled } = await writes.write(() =>
        ended ? store.write(ended) : remove(session.id),
      );
      void settled.then(release);
    },
  };
}
