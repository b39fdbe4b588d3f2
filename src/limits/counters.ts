import type { DatabaseSync } from 'node:sqlite';

import { RateLimiterMemory, RateLimiterSQLite } from 'rate-limiter-flexible';

const MINUTE_SECONDS = 60;
const DAY_SECONDS = 86_400;

/** What is counted for a key, and the length of its window. */
const WINDOW_SECONDS = {
  requestsPerMinute: MINUTE_SECONDS,
  tokensPerMinute: MINUTE_SECONDS,
  tokensPerDay: DAY_SECONDS,
  microUsdPerDay: DAY_SECONDS,
} as const;

export type CounterName = keyof typeof WINDOW_SECONDS;

/** How much was used in the window that runs, and how long it still runs; it begins with the first use. */
export type Count = { used: number; msLeft: number };

export type Counters = {
  read: (name: CounterName, keyId: string) => Promise<Count>;
  /** Adds whole units, and tells the new count. */
  add: (name: CounterName, keyId: string, amount: number) => Promise<Count>;
  /** Forgets windows that are over. */
  removeExpired: () => Promise<void>;
};

/** The table that `createCounters` wants; its columns are rate-limiter-flexible's. */
export const COUNTERS_SCHEMA = `
  CREATE TABLE counters (key TEXT PRIMARY KEY, points INTEGER NOT NULL DEFAULT 0, expire INTEGER) STRICT;
`;

const NOTHING: Count = { used: 0, msLeft: 0 };

/**
 * Makes the counters, which survive a restart when there is a database. While that fails (disk full),
 * they go on in memory.
 */
export function createCounters(database?: DatabaseSync): Counters {
  const limiters = new Map(
    Object.entries(WINDOW_SECONDS).map(([name, seconds]) => [
      name,
      createLimiters(name, seconds, database),
    ]),
  );
  const limitersOf = (name: CounterName) => {
    const found = limiters.get(name);
    if (!found) throw new TypeError(`There is no counter ${name}.`);
    return found;
  };

  const readOne = async (name: CounterName, limiter: Limiter, keyId: string): Promise<Count> => {
    const result = await limiter.get(keyId);
    if (!result) return NOTHING;
    // A window that ends later than it can was opened before the clock was put back.
    if (result.msBeforeNext <= WINDOW_SECONDS[name] * 1000) return toCount(result);
    await limiter.delete(keyId);
    return NOTHING;
  };

  const read: Counters['read'] = async (name, keyId) => {
    const { limiter, inMemory } = limitersOf(name);
    const stored = await readOne(name, limiter, keyId);
    const held = await readOne(name, inMemory, keyId);
    return held.used > stored.used ? held : stored;
  };

  return {
    read,
    async add(name, keyId, amount) {
      await read(name, keyId);
      return toCount(await limitersOf(name).limiter.penalty(keyId, amount));
    },
    async removeExpired() {
      database?.prepare('DELETE FROM counters WHERE expire < ?').run(Date.now());
    },
  };
}

type Limiter = RateLimiterMemory | RateLimiterSQLite;

/** The limiter, and what stands in for it while the database fails. */
function createLimiters(name: string, seconds: number, database: DatabaseSync | undefined) {
  // The limits differ from key to key and are compared elsewhere.
  const options = { keyPrefix: name, points: Number.MAX_SAFE_INTEGER, duration: seconds };
  const inMemory = new RateLimiterMemory(options);
  if (!database) return { limiter: inMemory, inMemory };
  const limiter = new RateLimiterSQLite({
    ...options,
    storeClient: toStoreClient(database),
    storeType: 'better-sqlite3',
    tableName: 'counters',
    tableCreated: true,
    insuranceLimiter: inMemory,
  });
  return { limiter, inMemory };
}

/** The part of better-sqlite3 that the limiter uses; each of its transactions is one statement. */
function toStoreClient(database: DatabaseSync) {
  return {
    prepare: (sql: string) => database.prepare(sql),
    transaction: <Result>(statement: () => Result) => statement,
  };
}

function toCount(result: { consumedPoints: number; msBeforeNext: number }): Count {
  return { used: result.consumedPoints, msLeft: result.msBeforeNext };
}
