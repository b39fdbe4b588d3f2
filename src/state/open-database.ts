import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

export type DatabaseOptions = {
  /** The database file; its folder is made if missing, for this user only. */
  file: string;
  /** The statements that make the tables of an empty file. */
  schema: string;
  /** A file of another version is set aside. */
  version: number;
  /** Columns that files of this version may lack, since older servers made them; each may be null. */
  laterColumns?: readonly { table: string; name: string; type: string }[];
  /** Told when the file was no use and was renamed; the store begins anew then. */
  onSetAside: (report: { movedTo: string; cause: unknown }) => void;
};

/** SQLITE_CORRUPT and SQLITE_NOTADB; other failures (disk full, no permission) are not the file's fault. */
const DAMAGE_CODES = [11, 26];

/** Opens a SQLite file, or a new one in place of one that is damaged or of an unknown version. */
export function openDatabase(options: DatabaseOptions): DatabaseSync {
  const { file, onSetAside } = options;
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  try {
    return open(options);
  } catch (cause) {
    if (!isUseless(cause)) throw cause;
    const movedTo = setAside(file);
    onSetAside({ movedTo, cause });
    return open(options);
  }
}

function open(options: DatabaseOptions): DatabaseSync {
  const database = new DatabaseSync(options.file, { timeout: 5_000 });
  try {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    const check = database.prepare('PRAGMA quick_check(1)').get();
    if (check?.['quick_check'] !== 'ok') throw new UselessFile('The file is damaged.');
    bringUpToDate(database, options);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function bringUpToDate(database: DatabaseSync, options: DatabaseOptions): void {
  const { schema, version: wanted, laterColumns = [] } = options;
  // IMMEDIATE: two servers that start at once must not both make the table.
  database.exec('BEGIN IMMEDIATE');
  const version = database.prepare('PRAGMA user_version').get()?.['user_version'];
  if (version !== 0 && version !== wanted) {
    throw new UselessFile(`The file has the unknown schema version ${String(version)}.`);
  }
  if (version === 0) database.exec(`${schema} PRAGMA user_version = ${wanted};`);
  for (const { table, name, type } of laterColumns) {
    const columns = database.prepare(`PRAGMA table_info(${table})`).all();
    if (columns.some((column) => column['name'] === name)) continue;
    database.exec(`ALTER TABLE ${table} ADD COLUMN ${name} ${type}`);
  }
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
