/** A conversation of `/api/run` that its caller can come back to. Times are milliseconds since 1970. */
export type Session = {
  readonly id: string;
  /** Names the key that owns it; never the key itself. */
  readonly keyId: string;
  /** The real path in which it began; the CLI finds its transcript by it. */
  readonly workingDirectory: string;
  /** The full id of the model that answered last. */
  readonly model: string;
  readonly createdAt: number;
  readonly lastUsedAt: number;
  /** How many runs it had; one that is under way does not count yet. */
  readonly turns: number;
  /** How its first prompt begins. */
  readonly title: string;
};

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
