/** A file of another version is set aside. */
export const SCHEMA_VERSION = 1;

/** Columns that files of earlier servers lack. */
export const LATER_COLUMNS = [{ table: 'items', name: 'begun', type: 'INTEGER' }] as const;

/** `bytes` is what a batch takes: the texts of its items, and a little for itself. */
export const SCHEMA = `
  CREATE TABLE batches (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    keyId TEXT NOT NULL,
    api TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    state TEXT NOT NULL,
    createdAt INTEGER NOT NULL,
    startedAt INTEGER,
    cancelledAt INTEGER,
    endedAt INTEGER,
    expiresAt INTEGER NOT NULL,
    details TEXT NOT NULL,
    problems TEXT NOT NULL DEFAULT '[]',
    outputFileId TEXT,
    errorFileId TEXT,
    total INTEGER NOT NULL DEFAULT 0,
    succeeded INTEGER NOT NULL DEFAULT 0,
    errored INTEGER NOT NULL DEFAULT 0,
    cancelled INTEGER NOT NULL DEFAULT 0,
    expired INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX batches_of_key ON batches (keyId, number);
  CREATE INDEX batches_unfinished ON batches (number) WHERE endedAt IS NULL;
  CREATE TABLE items (
    batchId TEXT NOT NULL,
    number INTEGER NOT NULL,
    customId TEXT NOT NULL,
    body TEXT NOT NULL,
    outcome TEXT,
    line TEXT,
    begun INTEGER,
    UNIQUE (batchId, number)
  ) STRICT;
  CREATE INDEX items_waiting ON items (batchId, number) WHERE outcome IS NULL;
  CREATE TABLE files (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    keyId TEXT NOT NULL,
    name TEXT NOT NULL,
    purpose TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    createdAt INTEGER NOT NULL,
    expiresAt INTEGER NOT NULL,
    batchId TEXT
  ) STRICT;
  CREATE INDEX files_of_key ON files (keyId, number);
`;
