import type { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';

import { z } from 'zod';

import { roundUsd } from '../../common/round-usd.ts';
import { OTHER } from '../bounded-labels.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** How far a look back at usage goes, in milliseconds. */
export const USAGE_RANGES = {
  hour: HOUR_MS,
  day: DAY_MS,
  week: 7 * DAY_MS,
  month: 30 * DAY_MS,
} as const;

export type UsageRange = keyof typeof USAGE_RANGES;

/** What requests add up to. */
export type UsageSums = z.infer<typeof sums>;

/** The same of those that have one thing in common: a key's id, a model, a dialect. */
export type NamedUsage = UsageSums & { name: string };

/** Who used what, those with the most requests first. */
export type Usage = {
  whole: UsageSums;
  keys: readonly NamedUsage[];
  models: readonly NamedUsage[];
  dialects: readonly NamedUsage[];
  /** When the oldest request that is kept ended, in milliseconds since 1970; `undefined` without any. */
  keptSinceMs: number | undefined;
};

const sums = z.object({
  requests: z.number(),
  errors: z.number(),
  cancelled: z.number(),
  /** Neither read from nor written to the cache. */
  inputTokens: z.number(),
  outputTokens: z.number(),
  cacheReadTokens: z.number(),
  cacheWriteTokens: z.number(),
  /** In US dollars, as far as it is known. */
  costUsd: z.number(),
});

/** What nobody used. */
export const NO_USAGE: UsageSums = {
  requests: 0,
  errors: 0,
  cancelled: 0,
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  costUsd: 0,
};

const groups = z.array(sums.extend({ keyId: z.string(), model: z.string(), dialect: z.string() }));

const ended = z.object({ number: z.number(), endedAtMs: z.number() }).optional();

type Group = z.infer<typeof groups>[number];

/** Nothing else goes on while so many are added up: 20 ms on one busy core. */
const ROWS_AT_ONCE = 5000;

/** A caller may ask for any number of models that do not exist. */
const MOST_NAMES = 100;

/** Reads who used what out of the table of requests. */
export function createUsage(database: DatabaseSync) {
  const read = database.prepare(`
    SELECT keyId, model, dialect, count(*) AS requests,
      sum(status = 'failed') AS errors, sum(status = 'cancelled') AS cancelled,
      sum(inputTokens) AS inputTokens, sum(outputTokens) AS outputTokens,
      sum(cacheReadTokens) AS cacheReadTokens, sum(cacheWriteTokens) AS cacheWriteTokens,
      total(costUsd) AS costUsd
    FROM requests NOT INDEXED
    WHERE number > $after AND number <= $upTo AND endedAtMs >= $fromMs
    GROUP BY keyId, model, dialect`);
  const readFirst = database.prepare(
    'SELECT number, endedAtMs FROM requests ORDER BY number LIMIT 1',
  );
  const readNewest = database.prepare(
    'SELECT number, endedAtMs FROM requests ORDER BY number DESC LIMIT 1',
  );
  const readLast = database.prepare(
    'SELECT number, endedAtMs FROM requests WHERE keyId = ? ORDER BY number DESC LIMIT 1',
  );

  /** Back from the newest; where a piece has none that ended late enough, those before have none either. */
  async function readGroups(fromMs: number, first: number, newest: number) {
    const found: Group[] = [];
    for (let upTo = newest; upTo >= first; upTo -= ROWS_AT_ONCE) {
      const piece = groups.parse(read.all({ fromMs, upTo, after: upTo - ROWS_AT_ONCE }));
      if (piece.length === 0) break;
      found.push(...piece);
      await setImmediate(); // answers go on meanwhile
    }
    return found;
  }

  return {
    /** Of the requests that ended since then, in milliseconds since 1970. */
    async readSince(fromMs: number): Promise<Usage> {
      const [first, newest] = [readFirst, readNewest].map((one) => ended.parse(one.get()));
      const found = await readGroups(fromMs, first?.number ?? 1, newest?.number ?? 0);
      return {
        whole: addUp(found),
        keys: addUpBy(found, ({ keyId }) => keyId, Infinity), // as many as the operator made
        models: addUpBy(found, ({ model }) => model),
        dialects: addUpBy(found, ({ dialect }) => dialect),
        keptSinceMs: first?.endedAtMs,
      };
    },
    /** When the key's last request ended, in milliseconds since 1970. */
    readLastUse: (keyId: string) => ended.parse(readLast.get(keyId))?.endedAtMs,
  };
}

function addUpBy(
  found: readonly Group[],
  toName: (group: Group) => string,
  most = MOST_NAMES,
): readonly NamedUsage[] {
  const named = [...Map.groupBy(found, toName)]
    .map(([name, all]) => ({ name, ...addUp(all) }))
    .toSorted((one, other) => other.requests - one.requests);
  const rest = named.slice(most);
  return rest.length === 0 ? named : [...named.slice(0, most), { name: OTHER, ...addUp(rest) }];
}

function addUp(all: readonly UsageSums[]): UsageSums {
  const whole = { ...NO_USAGE };
  for (const one of all) {
    for (const name of Object.keys(NO_USAGE) as (keyof UsageSums)[]) whole[name] += one[name];
  }
  return { ...whole, costUsd: roundUsd(whole.costUsd) };
}
