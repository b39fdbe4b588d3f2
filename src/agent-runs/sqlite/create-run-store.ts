import type { DatabaseSync } from 'node:sqlite';

import { z } from 'zod';

import { type DatabaseOptions, openDatabase } from '../../state/open-database.ts';
import { type RunFilter, type RunStore, STATES } from '../run-store.ts';
import { createEventStore, EVENTS_SCHEMA } from './event-store.ts';
import { createInputStore, INPUTS_SCHEMA } from './input-store.ts';
import { createLeftStore } from './left-store.ts';

const json = z.string().transform((text): unknown => JSON.parse(text));
const object = json.pipe(z.record(z.string(), z.unknown()));
const optional = <Type extends z.ZodType>(type: Type) =>
  type.nullable().transform((value) => value ?? undefined);

const row = z.object({
  id: z.string(),
  keyId: z.string(),
  state: z.enum(STATES),
  createdAt: z.number(),
  endedAt: optional(z.number()),
  isBackground: z.number().transform(Boolean),
  sessionId: optional(z.string()),
  model: z.string(),
  resumedFrom: optional(z.string()),
  body: object,
  answer: optional(object),
  failure: optional(object),
  server: optional(z.string()),
  costUsd: optional(z.number()),
});

const rows = z.array(row);
const ids = z.array(z.object({ id: z.string() }));

const SCHEMA_VERSION = 2;

const SCHEMA = `
  CREATE TABLE runs (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    keyId TEXT NOT NULL,
    state TEXT NOT NULL,
    createdAt INTEGER NOT NULL,
    endedAt INTEGER,
    isBackground INTEGER NOT NULL,
    sessionId TEXT,
    model TEXT NOT NULL,
    resumedFrom TEXT,
    body TEXT NOT NULL,
    answer TEXT,
    failure TEXT,
    bytes INTEGER NOT NULL DEFAULT 0,
    server TEXT,
    costUsd REAL,
    beginnings INTEGER
  ) STRICT;
  CREATE INDEX runs_of_key ON runs (keyId, number);
  CREATE INDEX runs_by_end ON runs (endedAt);
  ${EVENTS_SCHEMA}
  ${INPUTS_SCHEMA}
`;

const LATER_COLUMNS = [
  { table: 'runs', name: 'server', type: 'TEXT' },
  { table: 'runs', name: 'costUsd', type: 'REAL' },
  { table: 'runs', name: 'beginnings', type: 'INTEGER' },
];

const IS_UNFINISHED = 'endedAt IS NULL';

/** These go on whoever reads them. */
const IS_UNREAD = `(isBackground OR body ->> '$.onDisconnect' = 'continue')`;

/** These have not begun, and wait for nobody but a server. */
const IS_PUT_OFF = `(isBackground AND state = 'queued')`;

/** What a run takes without its answer. */
const BYTES = `(length(body) + (SELECT coalesce(sum(length(data)), 0) FROM events WHERE runId = runs.id))`;

/** Keeps runs and their events in one SQLite file, which survives a restart. */
export function createRunStore(place: Pick<DatabaseOptions, 'file' | 'onSetAside'>): RunStore {
  const database = openDatabase({
    ...place,
    schema: SCHEMA,
    version: SCHEMA_VERSION,
    laterColumns: LATER_COLUMNS,
  });
  database.exec(`PRAGMA foreign_keys = ON;
    CREATE INDEX IF NOT EXISTS runs_unfinished ON runs (server) WHERE ${IS_UNFINISHED};`);

  const statements = prepare(database);
  const inputs = createInputStore(database);
  const { addAll, ...events } = createEventStore(database);

  return {
    inputs,
    ...events,
    ...createLeftStore(database, {
      isUnfinished: IS_UNFINISHED,
      isPutOff: IS_PUT_OFF,
      bytes: BYTES,
      parse: (found) => rows.parse(found),
      withdraw: inputs.withdrawAll,
    }),
    async add(run, mostUnread) {
      const values = {
        ...run,
        isBackground: Number(run.isBackground),
        resumedFrom: run.resumedFrom ?? null,
        body: JSON.stringify(run.body),
      };
      if (statements.read.get(run.id)) return 'known';
      if (Number(statements.countUnread.get(run.keyId)?.['count']) >= mostUnread) return 'full';
      statements.add.run(values);
      return 'added';
    },
    read: async (id) => row.optional().parse(statements.read.get(id)),
    setState: async (id, state) => void statements.setState.run(state, id),
    begin: async (id, model, sessionId) =>
      void statements.begin.run({ id, model, sessionId: sessionId ?? null }),
    async end(id, { state, endedAt, answer, failure }, last) {
      addAll(id, last);
      const texts = { answer: toText(answer), failure: toText(failure) };
      return statements.end.run({ id, state, endedAt, ...texts }).changes > 0;
    },
    list: async (keyId, filter) =>
      rows.parse(statements.list.all({ ...NO_FILTER, ...withoutEmpty(filter), keyId })),
    listBeyond: async (keyId, mostBytes) =>
      ids.parse(statements.listBeyond.all(keyId, mostBytes)).map(({ id }) => id),
    async charge(id, costUsd) {
      // Most costs are of chats, which are no runs: looking takes no lock for writing.
      if (statements.has.get(id)) statements.charge.run(costUsd, id);
    },
    remove: async (id) => void statements.remove.run(id),
    removeEndedUntil: async (time) => void statements.removeEnded.run(time),
    close: async () => database.close(),
  };
}

function prepare(database: DatabaseSync) {
  return {
    add: database.prepare(`
    INSERT INTO runs (id, keyId, state, createdAt, isBackground, model, resumedFrom, body, server)
    VALUES ($id, $keyId, 'queued', $createdAt, $isBackground, $model, $resumedFrom, $body, $server)`),
    read: database.prepare('SELECT * FROM runs WHERE id = ?'),
    has: database.prepare('SELECT 1 FROM runs WHERE id = ?'),
    setState: database.prepare('UPDATE runs SET state = ? WHERE id = ?'),
    begin: database.prepare(
      `UPDATE runs SET state = 'running', model = $model, sessionId = $sessionId WHERE id = $id`,
    ),
    end: database.prepare(`
    UPDATE runs SET state = $state, endedAt = $endedAt, answer = $answer, failure = $failure,
      bytes = ${BYTES} + coalesce(length($answer), 0)
    WHERE id = $id AND ${IS_UNFINISHED}`),
    list: database.prepare(`
    SELECT * FROM runs
    WHERE keyId = $keyId AND ($state IS NULL OR state = $state)
      AND ($sessionId IS NULL OR sessionId = $sessionId)
      AND ($before IS NULL OR number < (SELECT number FROM runs WHERE id = $before))
    ORDER BY number DESC LIMIT $limit`),
    listBeyond: database.prepare(
      `SELECT id FROM (SELECT id, sum(bytes) OVER (ORDER BY number DESC) AS together
      FROM runs WHERE keyId = ? AND NOT ${IS_UNFINISHED}) WHERE together > ?`,
    ),
    countUnread: database.prepare(
      `SELECT count(*) AS count FROM runs WHERE keyId = ? AND ${IS_UNREAD} AND ${IS_UNFINISHED}`,
    ),
    charge: database.prepare('UPDATE runs SET costUsd = coalesce(costUsd, 0) + ? WHERE id = ?'),
    remove: database.prepare('DELETE FROM runs WHERE id = ?'),
    removeEnded: database.prepare('DELETE FROM runs WHERE endedAt <= ?'),
  };
}

const NO_FILTER = { state: null, sessionId: null, before: null };

/** SQLite takes no `undefined`. */
function withoutEmpty(filter: RunFilter) {
  const given = Object.entries(filter).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as Record<string, string | number>; // as a filter's fields are
}

function toText(value: object | undefined) {
  return value ? JSON.stringify(value) : null;
}
