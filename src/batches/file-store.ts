import type { DatabaseSync } from 'node:sqlite';

import { z } from 'zod';

import { FileFields, type FileTable, ROW_BYTES } from './batch-tables.ts';

const row = FileFields.extend({
  batchId: z
    .string()
    .nullable()
    .transform((id) => id ?? undefined),
});

const rows = z.array(row);

/** The table of the files; what callers uploaded stands on disk beside it. */
export function createFileTable(database: DatabaseSync): FileTable {
  const add = database.prepare(`
    INSERT OR REPLACE INTO files (id, keyId, name, purpose, bytes, createdAt, expiresAt, batchId)
    VALUES ($id, $keyId, $name, $purpose, $bytes, $createdAt, $expiresAt, $batchId)`);
  const read = database.prepare('SELECT * FROM files WHERE id = ?');
  const remove = database.prepare('DELETE FROM files WHERE id = ?');
  const toList = (comparison: '<' | '>', order: 'ASC' | 'DESC') =>
    database.prepare(`
      SELECT * FROM files WHERE keyId = $keyId AND ($purpose IS NULL OR purpose = $purpose)
        AND ($after IS NULL OR number ${comparison} (SELECT number FROM files WHERE id = $after))
      ORDER BY number ${order} LIMIT $limit`);
  const lists = { asc: toList('>', 'ASC'), desc: toList('<', 'DESC') };
  const ofBatch = database.prepare('SELECT * FROM files WHERE batchId = ?');
  const expired = database.prepare('SELECT * FROM files WHERE expiresAt <= ? LIMIT 100');
  const oldest = database.prepare(
    `SELECT * FROM files WHERE keyId = ? AND purpose = 'batch' AND id <> ? ORDER BY number`,
  );
  const used = database.prepare(
    `SELECT coalesce(sum(bytes + ${ROW_BYTES}), 0) AS bytes FROM files WHERE keyId = ? AND purpose = 'batch'`,
  );

  return {
    add: async ({ batchId, ...file }) => void add.run({ ...file, batchId: batchId ?? null }),
    read: async (id) => row.optional().parse(read.get(id)),
    list: async (keyId, { after, purpose, order, limit }) =>
      rows.parse(
        lists[order].all({ keyId, after: after ?? null, purpose: purpose ?? null, limit }),
      ),
    listOfBatch: async (batchId) => rows.parse(ofBatch.all(batchId)),
    listExpired: async (time) => rows.parse(expired.all(time)),
    listUploads: async (keyId, spared = '') => rows.parse(oldest.all(keyId, spared)),
    usedBytes: async (keyId) => Number(used.get(keyId)?.['bytes']),
    remove: async (id) => void remove.run(id),
  };
}
