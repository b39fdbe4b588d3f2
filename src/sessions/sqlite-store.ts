import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import type { SessionStore } from './session-store.ts';

export type SqliteStoreOptions = {
  /** The database file; its folder is made if missing. */
  file: string;
  /** Told when the file was no use and was renamed; the store begins anew then. */
  onSetAside: (report: { movedTo: string; cause: unknown }) => void;
};

const SCHEMA_VERSION = 1;

const SCHEMA = `
  CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    keyId TEXT NOT NULL,
    workingDirectory TEXT NOT NULL,
    model TEXT NOT NULL,
    createdAt INTEGER NOT NULL,
    lastUsedAt INTEGER NOT NULL,
    turns INTEGER NOT NULL,
    title TEXT NOT NULL
  ) STRICT;
  CREATE INDEX sessions_of_key ON sessions (keyId, lastUsedAt);
  CREATE INDEX sessions_by_use ON sessions (lastUsedAt);
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

/** Among equals the one written last comes first; replacing a row gives it a new rowid. */
const LAST_USED_FIRST = 'ORDER BY lastUsedAt DESC, rowid DESC';

const row = z.object({
  id: z.string(),
  keyId: z.string(),
  workingDirectory: z.string(),
  model: z.string(),
  createdAt: z.number(),
  lastUsedAt: z.number(),
  turns: z.number(),
  title: z.string(),
});

const rows = z.array(row);

/** SQLITE_CORRUPT and SQLITE_NOTADB; other failures (disk full, no permission) are not the file's fault. */
const DAMAGE_CODES = [11, 26];

/** A store in one SQLite file, which survives a restart. */
export function createSqliteStore({ file, onSetAside }: SqliteStoreOptions): SessionStore {
  // Titles hold what people wrote: for this user only.
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const database = openOrStartAnew(file, onSetAside);

  const read = database.prepare('SELECT * FROM sessions WHERE id = ?');
  const write = database.prepare(`
    INSERT OR REPLACE INTO sessions
    VALUES ($id, $keyId, $workingDirectory, $model, $createdAt, $lastUsedAt, $turns, $title)`);
  const remove = database.prepare('DELETE FROM sessions WHERE id = ?');
  const list = database.prepare(`SELECT * FROM sessions WHERE keyId = ? ${LAST_USED_FIRST}`);
  const listUnused = database.prepare(
    `SELECT * FROM sessions WHERE lastUsedAt <= ? ${LAST_USED_FIRST}`,
  );
  const count = database.prepare('SELECT count(*) AS count FROM sessions');

  return {
    read: async (id) => row.optional().parse(read.get(id)),
    write: async (session) => void write.run(session),
    remove: async (id) => void remove.run(id),
    list: async (keyId) => rows.parse(list.all(keyId)),
    listUnusedSince: async (time) => rows.parse(listUnused.all(time)),
    count: async () => Number(count.get()?.['count']),
    close: async () => database.close(),
  };
}

function openOrStartAnew(file: string, onSetAside: SqliteStoreOptions['onSetAside']): DatabaseSync {
  try {
    return open(file);
  } catch (cause) {
    if (!isUseless(cause)) throw cause;
    const movedTo = setAside(file);
    onSetAside({ movedTo, cause });
    return open(file);
  }
}

function open(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: 5_000 });
  try {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    const check = database.prepare('PRAGMA quick_check(1)').get();
    if (check?.['quick_check'] !== 'ok') throw new UselessFile('The file is damaged.');
    bringUpToDate(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function bringUpToDate(database: DatabaseSync): void {
  // IMMEDIATE: two servers that start at once must not both make the table.
  database.exec('BEGIN IMMEDIATE');
  const version = database.prepare('PRAGMA user_version').get()?.['user_version'];
  if (version !== 0 && version !== SCHEMA_VERSION) {
    throw new UselessFile(`The file has the unknown schema version ${String(version)}.`);
  }
  if (version === 0) database.exec(SCHEMA);
  database.exec('COMMIT');
}

class UselessFile extends Error {}

function isUseless(error: unknown): boolean {
  if (error instanceof UselessFile) return true;
  if (!(error instanceof Error) || !('errcode' in error)) return false;
  // The low byte is the code proper, the rest says more.
  return typeof error.errcode === 'number' && DAMAGE_CODES.includes(error.errcode & 0xff);
}

/** The write-ahead log goes along: the last changes stand only there, and a new file would wipe it. */
function setAside(file: string): string {
  const suffix = `.damaged-${Date.now()}`;
  for (const part of ['', '-wal', '-shm']) {
    if (existsSync(file + part)) renameSync(file + part, file + suffix + part);
  }
  return file + suffix;
}
