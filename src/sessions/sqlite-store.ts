import { z } from 'zod';
import { type DatabaseOptions, openDatabase } from '../state/open-database.ts';
import { Session, type SessionStore } from './session-store.ts';

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
`;

/** Among equals the one written last comes first; replacing a row gives it a new rowid. */
const LAST_USED_FIRST = 'ORDER BY lastUsedAt DESC, rowid DESC';

const Sessions = z.array(Session);

/** A store in one SQLite file, which survives a restart. */
export function createSqliteStore(
  place: Pick<DatabaseOptions, 'file' | 'onSetAside'>,
): SessionStore {
  const database = openDatabase({ ...place, schema: SCHEMA, version: SCHEMA_VERSION });

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
    read: async (id) => Session.optional().parse(read.get(id)),
    write: async (session) => void write.run(session),
    remove: async (id) => void remove.run(id),
    list: async (keyId) => Sessions.parse(list.all(keyId)),
    listUnusedSince: async (time) => Sessions.parse(listUnused.all(time)),
    count: async () => Number(count.get()?.['count']),
    close: async () => database.close(),
  };
}
