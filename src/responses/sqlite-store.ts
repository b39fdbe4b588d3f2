import { z } from 'zod';
import { type DatabaseOptions, openDatabase } from '../state/open-database.ts';
import type { ResponseStore, StoredResponse } from './response-store.ts';

const SCHEMA_VERSION = 1;

const SCHEMA = `
  CREATE TABLE responses (
    id TEXT PRIMARY KEY,
    keyId TEXT NOT NULL,
    createdAt INTEGER NOT NULL,
    isFinished INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    response TEXT NOT NULL,
    input TEXT NOT NULL,
    events TEXT NOT NULL,
    server TEXT
  ) STRICT;
  CREATE INDEX responses_of_key ON responses (keyId, createdAt);
  CREATE INDEX responses_by_age ON responses (createdAt);
  CREATE INDEX responses_unfinished ON responses (isFinished) WHERE isFinished = 0;
`;

const json = z.string().transform((text): unknown => JSON.parse(text));
const object = z.record(z.string(), z.unknown());

const row = z.object({
  id: z.string(),
  keyId: z.string(),
  createdAt: z.number(),
  isFinished: z.number().transform(Boolean),
  response: json.pipe(object),
  input: json.pipe(z.array(object)),
  events: json.pipe(z.array(z.string())),
});

const rows = z.array(row);
const unfinished = z.array(z.object({ id: z.string(), server: z.string().nullable() }));
const ids = z.array(z.object({ id: z.string() }));

/** A store in one SQLite file, which survives a restart. */
export function createSqliteStore(
  place: Pick<DatabaseOptions, 'file' | 'onSetAside'>,
  /** Names this server among those of the folder. */
  server: string,
): ResponseStore {
  const database = openDatabase({
    ...place,
    schema: SCHEMA,
    version: SCHEMA_VERSION,
    laterColumns: [{ table: 'responses', name: 'server', type: 'TEXT' }],
  });

  const read = database.prepare('SELECT * FROM responses WHERE id = ?');
  const write = database.prepare(`
    INSERT OR REPLACE INTO responses
    VALUES ($id, $keyId, $createdAt, $isFinished, $bytes, $response, $input, $events, $server)`);
  const remove = database.prepare('DELETE FROM responses WHERE id = ?');
  const listNewest = database.prepare(
    'SELECT * FROM responses WHERE keyId = ? ORDER BY createdAt DESC, rowid DESC LIMIT ?',
  );
  const listBeyond = database.prepare(`
    SELECT id FROM (
      SELECT id, row_number() OVER newest AS place, sum(bytes) OVER newest AS together
      FROM responses WHERE keyId = $keyId WINDOW newest AS (ORDER BY createdAt DESC, rowid DESC)
    ) WHERE place > 1 AND (place > $count OR together > $bytes)`);
  const listUnfinished = database.prepare(
    'SELECT id, server FROM responses WHERE isFinished = 0 ORDER BY rowid DESC',
  );
  const removeCreatedUntil = database.prepare('DELETE FROM responses WHERE createdAt <= ?');

  return {
    read: async (id) => row.optional().parse(read.get(id)),
    write: async (response) => void write.run({ ...toRow(response), server }),
    remove: async (id) => void remove.run(id),
    listNewest: async (keyId, most) => rows.parse(listNewest.all(keyId, most)),
    listBeyond: async (keyId, most) =>
      ids.parse(listBeyond.all({ keyId, ...most })).map(({ id }) => id),
    listUnfinished: async () => unfinished.parse(listUnfinished.all()),
    removeCreatedUntil: async (time) => void removeCreatedUntil.run(time),
    close: async () => database.close(),
  };
}

function toRow({ isFinished, response, input, events, ...fields }: StoredResponse) {
  const texts = {
    response: JSON.stringify(response),
    input: JSON.stringify(input),
    events: JSON.stringify(events),
  };
  const bytes = Buffer.byteLength(Object.values(texts).join(''));
  return { ...fields, ...texts, isFinished: Number(isFinished), bytes };
}
