import type { DatabaseSync } from 'node:sqlite';

import { z } from 'zod';

import type { Batch, BatchProblem, BatchState, ItemOutcome } from '../batch.ts';
import { type BatchTable, ROW_BYTES } from './batch-tables.ts';

const optional = <Type extends z.ZodType>(type: Type) =>
  type.nullable().transform((value) => value ?? undefined);
// What this file wrote.
const json = <Value>() => z.string().transform((text) => JSON.parse(text) as Value);

const row = z
  .object({
    id: z.string(),
    keyId: z.string(),
    api: z.enum(['openai', 'anthropic']),
    endpoint: z.string(),
    state: z.custom<BatchState>((state) => typeof state === 'string'),
    createdAt: z.number(),
    startedAt: optional(z.number()),
    cancelledAt: optional(z.number()),
    endedAt: optional(z.number()),
    expiresAt: z.number(),
    details: json<Batch['details']>(),
    problems: json<readonly BatchProblem[]>(),
    outputFileId: optional(z.string()),
    errorFileId: optional(z.string()),
    total: z.number(),
    succeeded: z.number(),
    errored: z.number(),
    cancelled: z.number(),
    expired: z.number(),
  })
  .transform(({ total, succeeded, errored, cancelled, expired, ...batch }): Batch => ({
    ...batch,
    counts: { total, succeeded, errored, cancelled, expired },
  }));

const rows = z.array(row);
const ids = z.array(z.object({ id: z.string() }));

export type SqliteBatches = BatchTable & {
  grow: (id: string, bytes: number) => void;
  /** Counts what became of one request. */
  count: (id: string, outcome: ItemOutcome | 'total', count: number) => void;
};

/** The table of the batches in SQLite. */
export function createBatchTable(database: DatabaseSync): SqliteBatches {
  const statements = prepare(database);

  return {
    add: async ({ details, ...batch }) =>
      void statements.add.run({ ...batch, details: JSON.stringify(details) }),
    read: async (id) => row.optional().parse(statements.read.get(id)),
    begin: async (id, startedAt) => void statements.begin.run(startedAt, id),
    cancel: async (id, cancelledAt) => void statements.cancel.run(cancelledAt, id),
    end: async (id, { problems = [], outputFileId, errorFileId, ...ending }) =>
      void statements.end.run({
        id,
        ...ending,
        problems: JSON.stringify(problems),
        outputFileId: outputFileId ?? null,
        errorFileId: errorFileId ?? null,
      }),
    remove: async (id) => void statements.remove.run(id),
    async list({ keyId, api }, { after, before, limit }) {
      if (before === undefined) {
        return rows.parse(statements.behind.all({ keyId, api, id: after ?? null, limit }));
      }
      return rows.parse(statements.inFront.all({ keyId, api, id: before, limit })).toReversed();
    },
    listUnfinished: async () => rows.parse(statements.unfinished.all()),
    hasUnfinished: async () => statements.anyUnfinished.get() !== undefined,
    listEndedUntil: async (time) => ids.parse(statements.ended.all(time)).map(({ id }) => id),
    findOldestEnded: async (keyId, spared = '') =>
      ids.parse(statements.oldest.all(keyId, spared))[0]?.id,
    usedBytes: async (keyId) => Number(statements.used.get(keyId)?.['bytes']),
    countWaiting: async (keyId) => Number(statements.open.get(keyId)?.['count']),
    grow: (id, bytes) => void statements.grow.run(bytes, id),
    count(id, outcome, count) {
      database
        .prepare(`UPDATE batches SET ${outcome} = ${outcome} + ? WHERE id = ?`)
        .run(count, id);
    },
  };
}

function prepare(database: DatabaseSync) {
  return {
    add: database.prepare(`
    INSERT INTO batches (id, keyId, api, endpoint, state, createdAt, expiresAt, details, bytes)
    VALUES ($id, $keyId, $api, $endpoint, 'filling', $createdAt, $expiresAt, $details, ${ROW_BYTES})`),
    read: database.prepare('SELECT * FROM batches WHERE id = ?'),
    begin: database.prepare(
      `UPDATE batches SET state = 'running', startedAt = ? WHERE id = ? AND state = 'filling'`,
    ),
    cancel: database.prepare(
      `UPDATE batches SET state = 'cancelling', cancelledAt = ? WHERE id = ? AND endedAt IS NULL AND cancelledAt IS NULL`,
    ),
    end: database.prepare(`
    UPDATE batches SET state = $state, endedAt = $endedAt, problems = $problems,
      outputFileId = $outputFileId, errorFileId = $errorFileId
    WHERE id = $id AND endedAt IS NULL`),
    remove: database.prepare('DELETE FROM batches WHERE id = ?'),
    behind: database.prepare(`
    SELECT * FROM batches WHERE keyId = $keyId AND api = $api
      AND ($id IS NULL OR number < (SELECT number FROM batches WHERE id = $id))
    ORDER BY number DESC LIMIT $limit`),
    inFront: database.prepare(`
    SELECT * FROM batches WHERE keyId = $keyId AND api = $api
      AND number > (SELECT number FROM batches WHERE id = $id)
    ORDER BY number LIMIT $limit`),
    anyUnfinished: database.prepare('SELECT 1 FROM batches WHERE endedAt IS NULL LIMIT 1'),
    unfinished: database.prepare('SELECT * FROM batches WHERE endedAt IS NULL ORDER BY number'),
    ended: database.prepare('SELECT id FROM batches WHERE endedAt <= ? LIMIT 100'),
    oldest: database.prepare(
      'SELECT id FROM batches WHERE keyId = ? AND endedAt IS NOT NULL AND id <> ? ORDER BY endedAt LIMIT 1',
    ),
    used: database.prepare('SELECT coalesce(sum(bytes), 0) AS bytes FROM batches WHERE keyId = ?'),
    open: database.prepare(
      `SELECT coalesce(sum(total - succeeded - errored - cancelled - expired), 0) AS count
    FROM batches WHERE keyId = ? AND endedAt IS NULL`,
    ),
    grow: database.prepare('UPDATE batches SET bytes = bytes + ? WHERE id = ?'),
  };
}
