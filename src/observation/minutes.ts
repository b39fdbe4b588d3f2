import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';

const json = z.string().transform((text): unknown => JSON.parse(text));
const delays = json.pipe(z.record(z.string(), z.number()));

const row = z.object({
  requests: z.number(),
  errors: z.number(),
  /** Those read from and written to the cache included. */
  inputTokens: z.number(),
  outputTokens: z.number(),
  costUsd: z.number(),
  firstTokens: delays,
  totals: delays,
});

const rows = z.array(row.extend({ minute: z.number() }));

/** What the runs that ended in a minute, or a longer time, add up to. */
export type Minute = z.infer<typeof row>;

/** A minute since 1970, and what it adds up to. */
export type DatedMinute = Minute & { minute: number };

export const EMPTY_MINUTE: Minute = {
  requests: 0,
  errors: 0,
  inputTokens: 0,
  outputTokens: 0,
  costUsd: 0,
  firstTokens: {},
  totals: {},
};

/** How the table is made. */
export const MINUTES_SCHEMA = {
  version: 1,
  schema: `
    CREATE TABLE minutes (
      minute INTEGER PRIMARY KEY,
      requests INTEGER NOT NULL,
      errors INTEGER NOT NULL,
      inputTokens INTEGER NOT NULL,
      outputTokens INTEGER NOT NULL,
      costUsd REAL NOT NULL,
      firstTokens TEXT NOT NULL,
      totals TEXT NOT NULL
    ) STRICT;
  `,
};

/** The table of minutes in an open database. */
export function createMinutes(database: DatabaseSync) {
  const read = database.prepare('SELECT * FROM minutes WHERE minute = ?');
  const write = database.prepare(`
    INSERT OR REPLACE INTO minutes
    VALUES ($minute, $requests, $errors, $inputTokens, $outputTokens, $costUsd, $firstTokens, $totals)`);
  const list = database.prepare('SELECT * FROM minutes WHERE minute >= ? ORDER BY minute');
  const remove = database.prepare('DELETE FROM minutes WHERE minute < ?');

  return {
    read: (minute: number): Minute | undefined => row.optional().parse(read.get(minute)),
    write(minute: number, { firstTokens, totals, ...numbers }: Minute): void {
      const texts = { firstTokens: JSON.stringify(firstTokens), totals: JSON.stringify(totals) };
      write.run({ minute, ...numbers, ...texts });
    },
    listSince: (minute: number): readonly DatedMinute[] => rows.parse(list.all(minute)),
    removeBefore: (minute: number): void => void remove.run(minute),
  };
}
