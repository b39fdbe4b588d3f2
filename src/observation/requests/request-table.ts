import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';

import { KeptRequest, type NewRow } from './kept-request.ts';
import { type RequestFilter, toCondition } from './request-filter.ts';
import { readTimes } from './times.ts';

/** How the table is made. */
export const REQUESTS_SCHEMA = {
  version: 1,
  schema: `
    CREATE TABLE requests (
      number INTEGER PRIMARY KEY,
      id TEXT NOT NULL,
      keyId TEXT NOT NULL,
      dialect TEXT NOT NULL,
      isAgent INTEGER NOT NULL,
      model TEXT NOT NULL,
      requestedModel TEXT NOT NULL,
      status TEXT NOT NULL,
      outcome TEXT NOT NULL,
      error TEXT,
      startedAtMs INTEGER NOT NULL,
      endedAtMs INTEGER NOT NULL,
      queuedMs INTEGER,
      boundMs INTEGER,
      firstTokenMs INTEGER,
      totalMs INTEGER NOT NULL,
      inputTokens INTEGER NOT NULL,
      outputTokens INTEGER NOT NULL,
      cacheReadTokens INTEGER NOT NULL,
      cacheWriteTokens INTEGER NOT NULL,
      costUsd REAL
    ) STRICT;
    CREATE INDEX requests_by_id ON requests (id);
    CREATE INDEX requests_of_key ON requests (keyId);
    CREATE INDEX requests_of_model ON requests (model);
  `,
};

export type PageOptions = {
  /** Only those before this number. Default: from the newest. */
  before?: number | undefined;
  limit: number;
};

/** What the rows have in a column, for lists of choices. */
export type Choices = { keyIds: readonly string[]; models: readonly string[] };

const rows = z.array(KeptRequest);
const values = z.array(z.object({ value: z.string() }));

const MOST_EARLY = 1000;

/** The table of requests in an open database. */
export function createRequestTable(database: DatabaseSync) {
  const insert = database.prepare(`
    INSERT INTO requests (id, keyId, dialect, isAgent, model, requestedModel, status, outcome, error,
      startedAtMs, endedAtMs, queuedMs, boundMs, firstTokenMs, totalMs,
      inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, costUsd)
    VALUES ($id, $keyId, $dialect, $isAgent, $model, $requestedModel, $status, $outcome, $error,
      $startedAtMs, $endedAtMs, $queuedMs, $boundMs, $firstTokenMs, $totalMs,
      $inputTokens, $outputTokens, $cacheReadTokens, $cacheWriteTokens, $costUsd)`);
  // Over one WebSocket several runs have the id of their connection.
  const charge = database.prepare(`
    UPDATE requests SET costUsd = coalesce(costUsd, 0) + $costUsd
    WHERE number = (SELECT max(number) FROM requests WHERE id = $id)`);
  const early = createEarlyCosts();
  const removeAllBut = database.prepare(
    'DELETE FROM requests WHERE number <= (SELECT max(number) FROM requests) - ?',
  );

  return {
    insert(row: NewRow) {
      insert.run(row);
      const costUsd = early.take(row.id);
      if (costUsd !== undefined) charge.run({ id: row.id, costUsd });
    },
    /** What is told before its request has ended is added then. */
    charge(id: string, costUsd: number) {
      if (charge.run({ id, costUsd }).changes === 0) early.add(id, costUsd);
    },
    /** The newest stay. */
    removeAllBut: (most: number): void => void removeAllBut.run(most),
    /** The newest first. */
    list(filter: RequestFilter, { before = Number.MAX_SAFE_INTEGER, limit }: PageOptions) {
      const { sql, values: named } = toCondition(filter);
      const statement = database.prepare(`
        SELECT * FROM requests WHERE number < $before ${sql} ORDER BY number DESC LIMIT $limit`);
      return rows.parse(statement.all({ ...named, before, limit }));
    },
    readTimes: (filter: RequestFilter) => readTimes(database, filter),
    readChoices: (): Choices => ({
      keyIds: readDistinct(database, 'keyId'),
      models: readDistinct(database, 'model'),
    }),
  };
}

/** Jumps from value to value in the column's index: DISTINCT would look at every row. */
function readDistinct(database: DatabaseSync, column: string) {
  const statement = database.prepare(`
    WITH RECURSIVE found(value) AS (
      SELECT min(${column}) FROM requests
      UNION ALL
      SELECT (SELECT min(${column}) FROM requests WHERE ${column} > found.value)
      FROM found WHERE found.value IS NOT NULL
    ) SELECT value FROM found WHERE value IS NOT NULL LIMIT 1000`);
  return values.parse(statement.all()).map(({ value }) => value);
}

/** Costs in US dollars that were told early, by the request; those of requests that never came go in turn. */
function createEarlyCosts() {
  const costs = new Map<string, number>();
  return {
    add(id: string, costUsd: number) {
      costs.set(id, (costs.get(id) ?? 0) + costUsd);
      const [oldest] = costs.keys();
      if (costs.size > MOST_EARLY && oldest !== undefined) costs.delete(oldest);
    },
    take(id: string) {
      const costUsd = costs.get(id);
      costs.delete(id);
      return costUsd;
    },
  };
}
