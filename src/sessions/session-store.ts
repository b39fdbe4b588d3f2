import { z } from 'zod';

/** A conversation of `/api/run` that its caller can come back to. Times are milliseconds since 1970. */
export const Session = z.object({
  id: z.string(),
  /** Names the key that owns it; never the key itself. */
  keyId: z.string(),
  /** The real path in which it began; the CLI finds its transcript by it. */
  workingDirectory: z.string(),
  /** The full id of the model that answered last. */
  model: z.string(),
  createdAt: z.number(),
  lastUsedAt: z.number(),
  /** How many runs it had; one that is under way does not count yet. */
  turns: z.number(),
  /** How its first prompt begins. */
  title: z.string(),
});

export type Session = Readonly<z.infer<typeof Session>>;

/** Where sessions are kept. It knows nothing of lifetime, ownership or locks. */
export type SessionStore = {
  read: (id: string) => Promise<Session | undefined>;
  /** Adds the session, or replaces the one with its id. */
  write: (session: Session) => Promise<void>;
  /** Does nothing for an unknown id. */
  remove: (id: string) => Promise<void>;
  /** The sessions of one key, the last used first; among equals the one written last. */
  list: (keyId: string) => Promise<readonly Session[]>;
  /** The sessions of all keys that were last used at this time or earlier. */
  listUnusedSince: (time: number) => Promise<readonly Session[]>;
  count: () => Promise<number>;
  close: () => Promise<void>;
};
