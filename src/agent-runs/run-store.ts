import type { DatabaseSync } from 'node:sqlite';

import { z } from 'zod';

import { type DatabaseOptions, openDatabase } from '../state/open-database.ts';
import { createEventStore, EVENTS_SCHEMA } from './event-store.ts';
import { createInputStore, INPUTS_SCHEMA } from './input-store.ts';
import { createLeftStore } from './left-store.ts';

/**
 * `queued` waits for a place, `waiting` for its caller; `interrupted` was cut by the end of the server.
 */
export type RunState = (typeof STATES)[number];

const UNFINISHED = ['queued', 'running', 'waiting'] as const;

const STATES = [...UNFINISHED, 'done', 'failed', 'cancelled', 'interrupted'] as const;

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
  /** The server that carries it out; empty when that gave it back. */
  server: optional(z.string()),
  /** What it cost beside its answer, as far as that was told: it failed, or was cancelled. */
  costUsd: optional(z.number()),
});

/** A run of an agent, as it is kept. Times are milliseconds since 1970. */
export type StoredRun = Readonly<z.output<typeof row>>;

const rows = z.array(row);
const sizes = z.array(z.object({ id: z.string(), bytes: z.number() }));

/** Which runs of a key are wanted: the newest `limit` of those created before the run `before`. */
export type RunFilter = {
  state?: RunState | undefined;
  sessionId?: string | undefined;
  before?: string | undefined;
  limit: number;
};

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
    costUsd REAL
  ) STRICT;
  CREATE INDEX runs_of_key ON runs (keyId, number);
  CREATE INDEX runs_by_end ON runs (endedAt);
  ${EVENTS_SCHEMA}
  ${INPUTS_SCHEMA}
`;

const LATER_COLUMNS = [
  { table: 'runs', name: 'server', type: 'TEXT' },
  { table: 'runs', name: 'costUsd', type: 'REAL' },
];

const IS_UNFINISHED = 'endedAt IS NULL';

/** These go on whoever reads them. */
const IS_UNREAD = `(isBackground OR body ->> '$.onDisconnect' = 'continue')`;

/** These have not begun, and wait for nobody but a server. */
const IS_PUT_OFF = `(isBackground AND state = 'queued')`;

export type RunStore = ReturnType<typeof createRunStore>;

/** What is known of a run when it begins. */
type BegunRun = Pick<
  StoredRun,
  'id' | 'keyId' | 'createdAt' | 'isBackground' | 'model' | 'resumedFrom' | 'body'
> & { server: string };

/** Keeps runs and their events in one SQLite file, which survives a restart. */
export function createRunStore(place: Pick<DatabaseOptions, 'file' | 'onSetAside'>) {
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

  return {
    inputs,
    ...createEventStore(database),
    ...createLeftStore(database, {
      isUnfinished: IS_UNFINISHED,
      isPutOff: IS_PUT_OFF,
      parse: (found) => rows.parse(found),
      withdraw: inputs.withdrawAll,
    }),
    add(run: BegunRun) {
      statements.add.run({
        ...run,
        isBackground: Number(run.isBackground),
        resumedFrom: run.resumedFrom ?? null,
        body: JSON.stringify(run.body),
      });
    },
    read: (id: string): StoredRun | undefined => row.optional().parse(statements.read.get(id)),
    setState: (id: string, state: RunState) => void statements.setState.run(state, id),
    begin(id: string, model: string, sessionId: string | undefined) {
      statements.begin.run({ id, model, sessionId: sessionId ?? null });
    },
    end(id: string, { state, endedAt, answer, failure }: RunEnding) {
      statements.end.run({ id, state, endedAt, answer: toText(answer), failure: toText(failure) });
    },
    list: (keyId: string, { state, sessionId, before, limit }: RunFilter): readonly StoredRun[] =>
      rows.parse(
        statements.list.all({
          keyId,
          state: state ?? null,
          sessionId: sessionId ?? null,
          before: before ?? null,
          limit,
        }),
      ),
    /** The sizes of one key's ended runs, the newest first. */
    listSizes: (keyId: string) => sizes.parse(statements.listSizes.all(keyId)),
    /** Runs of a key that go on whoever reads them, and have not ended. */
    countWaiting: (keyId: string) => Number(statements.countWaiting.get(keyId)?.['count']),
    charge: (id: string, costUsd: number) => void statements.charge.run(costUsd, id),
    remove: (id: string) => void statements.remove.run(id),
    removeEndedUntil: (time: number) => void statements.removeEnded.run(time),
    close: () => database.close(),
  };
}

function prepare(database: DatabaseSync) {
  return {
    add: database.prepare(`
    INSERT INTO runs (id, keyId, state, createdAt, isBackground, model, resumedFrom, body, server)
    VALUES ($id, $keyId, 'queued', $createdAt, $isBackground, $model, $resumedFrom, $body, $server)`),
    read: database.prepare('SELECT * FROM runs WHERE id = ?'),
    setState: database.prepare('UPDATE runs SET state = ? WHERE id = ?'),
    begin: database.prepare(
      `UPDATE runs SET state = 'running', model = $model, sessionId = $sessionId WHERE id = $id`,
    ),
    end: database.prepare(`
    UPDATE runs SET state = $state, endedAt = $endedAt, answer = $answer, failure = $failure,
      bytes = length(body) + coalesce(length($answer), 0)
        + (SELECT coalesce(sum(length(data)), 0) FROM events WHERE runId = $id)
    WHERE id = $id`),
    list: database.prepare(`
    SELECT * FROM runs
    WHERE keyId = $keyId AND ($state IS NULL OR state = $state)
      AND ($sessionId IS NULL OR sessionId = $sessionId)
      AND ($before IS NULL OR number < (SELECT number FROM runs WHERE id = $before))
    ORDER BY number DESC LIMIT $limit`),
    listSizes: database.prepare(
      `SELECT id, bytes FROM runs WHERE keyId = ? AND NOT ${IS_UNFINISHED} ORDER BY number DESC`,
    ),
    countWaiting: database.prepare(
      `SELECT count(*) AS count FROM runs WHERE keyId = ? AND ${IS_UNREAD} AND ${IS_UNFINISHED}`,
    ),
    charge: database.prepare('UPDATE runs SET costUsd = coalesce(costUsd, 0) + ? WHERE id = ?'),
    remove: database.prepare('DELETE FROM runs WHERE id = ?'),
    removeEnded: database.prepare('DELETE FROM runs WHERE endedAt <= ?'),
  };
}

function toText(value: object | undefined) {
  return value ? JSON.stringify(value) : null;
}

export type RunEnding = {
  state: RunState;
  endedAt: number;
  answer: object | undefined;
  failure: object | undefined;
};

export function isEnded({ state }: Pick<StoredRun, 'state'>): boolean {
  return !UNFINISHED.some((unfinished) => unfinished === state);
}

/** Whether a text is the name of a state. */
export function isRunState(text: string): text is RunState {
  return STATES.some((state) => state === text);
}
