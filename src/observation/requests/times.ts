import type { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';

import { z } from 'zod';

import { type RequestFilter, toCondition } from './request-filter.ts';

/** How many requests fit a filter, and how long they took. */
export type Times = {
  requests: number;
  failed: number;
  /** `undefined` where none got a token. */
  firstTokenMs: Quantiles | undefined;
  totalMs: Quantiles | undefined;
};

/** In milliseconds, exact. */
type Quantiles = { p50: number; p95: number };

const numbers = z
  .string()
  .transform((text): unknown => JSON.parse(text))
  .pipe(z.array(z.number()));

const piece = z.object({ failed: z.number(), firstTokens: numbers, totals: numbers });

const ends = z.object({ first: z.number().nullable(), newest: z.number().nullable() });

/** Nothing else goes on while so many are read: 7 ms on one busy core. */
const ROWS_AT_ONCE = 5000;

/** Reads how long the requests took that fit, all of them, however many are shown. */
export async function readTimes(database: DatabaseSync, filter: RequestFilter): Promise<Times> {
  const { sql, values } = toCondition(filter);
  const read = database.prepare(`
    SELECT count(*) FILTER (WHERE status = 'failed') AS failed, json_group_array(totalMs) AS totals,
      json_group_array(firstTokenMs) FILTER (WHERE firstTokenMs IS NOT NULL) AS firstTokens
    FROM requests NOT INDEXED WHERE number > $after AND number <= $upTo ${sql}`);
  const readEnds = database.prepare(
    'SELECT (SELECT min(number) FROM requests) AS first, (SELECT max(number) FROM requests) AS newest',
  );
  const { first, newest } = ends.parse(readEnds.get());
  let failed = 0;
  const totals: number[] = [];
  const firstTokens: number[] = [];
  for (let after = (first ?? 1) - 1; after < (newest ?? 0); after += ROWS_AT_ONCE) {
    const found = piece.parse(read.get({ ...values, after, upTo: after + ROWS_AT_ONCE }));
    failed += found.failed;
    totals.push(...found.totals);
    firstTokens.push(...found.firstTokens);
    await setImmediate(); // answers go on meanwhile
  }
  return {
    requests: totals.length,
    failed,
    firstTokenMs: toQuantiles(firstTokens),
    totalMs: toQuantiles(totals),
  };
}

function toQuantiles(all: readonly number[]): Quantiles | undefined {
  const sorted = Float64Array.from(all).toSorted();
  const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1];
  const [p50, p95] = [at(0.5), at(0.95)];
  return p50 === undefined || p95 === undefined ? undefined : { p50, p95 };
}
