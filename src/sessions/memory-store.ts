import type { Session, SessionStore } from './session-store.ts';

/** A store that forgets everything when the process ends. */
export function createMemoryStore(): SessionStore {
  const sessions = new Map<string, Session>();
  const select = (isWanted: (session: Session) => boolean): readonly Session[] =>
    [...sessions.values()]
      .filter((session) => isWanted(session))
      .toReversed()
      .toSorted((one, other) => other.lastUsedAt - one.lastUsedAt);

  return {
    read: async (id) => sessions.get(id),
    async write(session) {
      // Anew, so that the order is that of the last write.
      sessions.delete(session.id);
      sessions.set(session.id, session);
    },
    remove: async (id) => void sessions.delete(id),
    list: async (keyId) => select((session) => session.keyId === keyId),
    listUnusedSince: async (time) => select((session) => session.lastUsedAt <= time),
    count: async () => sessions.size,
    close: async () => sessions.clear(),
  };
}
