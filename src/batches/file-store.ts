import type { DatabaseSync } from 'node:sqlite';

import { z } from 'zod';

import type { BatchFile } from '../batch.ts';
import type { Page } from './batch-store.ts';
import { ROW_BYTES } from './schema.ts';

const row = z.object({
  id: z.string(),
  keyId: z.string(),
  name: z.string(),
  purpose: z.enum(['batch', 'batch_output']),
  bytes: z.number(),
  createdAt: z.number(),
  expiresAt: z.number(),
  batchId: z
    .string()
    .nullable()
    .transform((id) => id ?? undefined),
});

const rows = z.array(row);

/** A file as it is kept; what is made of a batch's answers stands with these. */
export type StoredFile = BatchFile & { batchId: string | undefined };

/** Which files of a key are wanted. */
export type FilePage = Omit<Page, 'before'> & {
  purpose?: string | undefined;
  order: 'asc' | 'desc';
};

export type FileTable = ReturnType<typeof createFileTable>;

/** The table of the files; what callers uploaded stands on disk beside it. */
export function createFileTable(database: DatabaseSync) {
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
    add: ({ batchId, ...file }: StoredFile) => void add.run({ ...file, batchId: batchId ?? null }),
    read: (id: string): StoredFile | undefined => row.optional().parse(read.get(id)),
    list: (keyId: string, { after, purpose, order, limit }: FilePage): readonly StoredFile[] =>
      rows.parse(
        lists[order].all({ keyId, after: after ?? null, purpose: purpose ?? null, limit }),
      ),
    listOfBatch: (batchId: string): readonly StoredFile[] => rows.parse(ofBatch.all(batchId)),
    /** Some of those whose time is over. */
    listExpired: (time: number): readonly StoredFile[] => rows.parse(expired.all(time)),
    /** What a key uploaded, the oldest first, this one aside. */
    listUploads: (keyId: string, spared = ''): readonly StoredFile[] =>
      rows.parse(oldest.all(keyId, spared)),
    usedBytes: (keyId: string) => Number(used.get(keyId)?.['bytes']),
    remove: (id: string) => void remove.run(id),
  };
}
