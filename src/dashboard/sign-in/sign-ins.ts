import { randomBytes } from 'node:crypto';

export type SignInsOptions = {
  /** How long a sign-in holds, in milliseconds. Default: 12 hours. */
  ttlMs?: number;
  /** More than this, and the oldest goes. Default: 1000. */
  most?: number;
  /** Milliseconds since 1970. Default: the system's clock. */
  now?: () => number;
};

export type SignIns = {
  ttlMs: number;
  /** Remembers the key; returns the random id that the browser gets in its place. */
  add: (key: string) => Promise<string>;
  /** The key behind an id, while it holds. */
  find: (id: string) => Promise<string | undefined>;
  remove: (id: string) => Promise<void>;
};

/** How long a sign-in holds unless it is said, in milliseconds. */
export const TTL_MS = 12 * 3_600_000;

/** Makes the list of browsers that are signed in. It is in memory only: a restart signs everybody out. */
export function createSignIns({
  ttlMs = TTL_MS,
  most = 1000,
  now = Date.now,
}: SignInsOptions = {}): SignIns {
  /** The oldest first. */
  const entries = new Map<string, { key: string; untilMs: number }>();

  return {
    ttlMs,
    async add(key) {
      for (const [id, { untilMs }] of entries) {
        if (untilMs <= now() || entries.size >= most) entries.delete(id);
      }
      const id = randomBytes(32).toString('base64url');
      entries.set(id, { key, untilMs: now() + ttlMs });
      return id;
    },
    async find(id) {
      const entry = entries.get(id);
      return entry && entry.untilMs > now() ? entry.key : undefined;
    },
    remove: async (id) => void entries.delete(id),
  };
}
