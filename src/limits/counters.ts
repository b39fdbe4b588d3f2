import type { DatabaseSync } from 'node:sqlite';

const MINUTE_SECONDS = 60;
const DAY_SECONDS = 86_400;

/** What is counted for a key, and the length of its window. */
export const WINDOW_SECONDS = {
  requestsPerMinute: MINUTE_SECONDS,
  tokensPerMinute: MINUTE_SECONDS,
  tokensPerDay: DAY_SECONDS,
  microUsdPerDay: DAY_SECONDS,
} as const;

export type CounterName = keyof typeof WINDOW_SECONDS;

/** How much was used in the window that runs, and how long it still runs; it begins with the first use. */
export type Count = { used: number; msLeft: number };

/** Those of a Redis throw `queue-timeout` while it is away. */
export type Counters = {
  read: (name: CounterName, keyId: string) => Promise<Count>;
  /** Adds whole units, and tells the new count. */
  add: (name: CounterName, keyId: string, amount: number) => Promise<Count>;
  /** Whether counts are in memory only, since the database fails. */
  isInMemory: () => boolean;
  /** Forgets windows that are over. */
  removeExpired: () => Promise<void>;
};

/** The table that `createCounters` wants; `expire` is the end of the window, in milliseconds since 1970. */
export const COUNTERS_SCHEMA = `
  CREATE TABLE counters (key TEXT PRIMARY KEY, points INTEGER NOT NULL DEFAULT 0, expire INTEGER) STRICT;
`;

const NOTHING: Count = { used: 0, msLeft: 0 };

/** Two servers may share the file: the database adds, and begins a window anew that is over. */
const ADD = `
  INSERT INTO counters (key, points, expire) VALUES ($key, $amount, $end)
  ON CONFLICT (key) DO UPDATE SET
    points = CASE WHEN expire > $now AND expire <= $end THEN points + $amount ELSE $amount END,
    expire = CASE WHEN expire > $now AND expire <= $end THEN expire ELSE $end END`;

type Row = { points: number; expire: number };

export type CountersOptions = {
  /** Keeps the counts over a restart. Default: they are in memory only. */
  database?: DatabaseSync | undefined;
  /** Told when the database begins to fail; the counts go on in memory until it is written again. Default: nobody. */
  onProblem?: (error: unknown) => void;
  /** Told when the database is written again. Default: nobody. */
  onRecovery?: () => void;
};

/** Makes the counters. What the database could not take is kept in memory and added to it with the next count. */
export function createCounters({
  database,
  onProblem = () => {},
  onRecovery = () => {},
}: CountersOptions = {}): Counters {
  const unwritten = new Map<string, Row>();
  const table = database && openTable(database);
  let isFailing = false;

  function attempt<Result>(task: () => Result): Result | undefined {
    try {
      return task();
    } catch (error) {
      if (!isFailing) onProblem(error);
      isFailing = true;
      return undefined;
    }
  }

  const readNow = (name: CounterName, key: string): Count => {
    const stored = attempt(() => table?.read(key));
    const counts = [stored, unwritten.get(key)].map((row) => toCount(row, WINDOW_SECONDS[name]));
    return {
      used: counts.reduce((sum, { used }) => sum + used, 0),
      msLeft: Math.max(...counts.map(({ msLeft }) => msLeft)),
    };
  };

  return {
    read: async (name, keyId) => readNow(name, toKey(name, keyId)),
    async add(name, keyId, amount) {
      const key = toKey(name, keyId);
      const held = toCount(unwritten.get(key), WINDOW_SECONDS[name]);
      const row = { points: held.used + amount, expire: Date.now() + WINDOW_SECONDS[name] * 1000 };
      const isWritten = attempt(() => table?.add(key, row)) ?? false;
      if (isWritten) {
        unwritten.delete(key);
        if (isFailing) onRecovery();
        isFailing = false;
      } else {
        unwritten.set(key, held.used > 0 ? { ...row, expire: Date.now() + held.msLeft } : row);
      }
      return readNow(name, key);
    },
    isInMemory: () => isFailing,
    async removeExpired() {
      const now = Date.now();
      for (const [key, { expire }] of unwritten) if (expire <= now) unwritten.delete(key);
      attempt(() => table?.removeExpired(now));
    },
  };
}

/**
 * Never `INSERT … RETURNING` through `get()`: node:sqlite returns the row and passes over the commit that
 * fails behind it (seen with Node 24.21 on a full disk). `run()` throws.
 */
function openTable(database: DatabaseSync) {
  const add = database.prepare(ADD);
  const read = database.prepare('SELECT points, expire FROM counters WHERE key = ?');
  const remove = database.prepare('DELETE FROM counters WHERE expire < ?');
  return {
    add(key: string, { points, expire }: Row) {
      add.run({ key, amount: points, end: expire, now: Date.now() });
      return true;
    },
    read: (key: string) => read.get(key) as Row | undefined, // the table's own columns
    removeExpired: (now: number) => void remove.run(now),
  };
}

/** A window that ends later than it can was opened before the clock was put back. */
function toCount(row: Row | undefined, windowSeconds: number): Count {
  const msLeft = row ? row.expire - Date.now() : 0;
  return row && msLeft > 0 && msLeft <= windowSeconds * 1000
    ? { used: row.points, msLeft }
    : NOTHING;
}

function toKey(name: CounterName, keyId: string) {
  return `${name}:${keyId}`;
}
