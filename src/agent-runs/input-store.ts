import type { DatabaseSync } from 'node:sqlite';

import { z } from 'zod';

import type { InputAnswer, InputRequest } from '../run-input.ts';

/** Something that a run waited for, and what it was told. Times are milliseconds since 1970. */
export type StoredInput = {
  id: string;
  runId: string;
  keyId: string;
  createdAt: number;
  expiresAt: number;
  request: InputRequest;
  answer: InputAnswer | 'withdrawn' | undefined;
};

export const INPUTS_SCHEMA = `
  CREATE TABLE inputs (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    runId TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    keyId TEXT NOT NULL,
    createdAt INTEGER NOT NULL,
    expiresAt INTEGER NOT NULL,
    request TEXT NOT NULL,
    answer TEXT
  ) STRICT;
  CREATE INDEX inputs_of_run ON inputs (runId);
  CREATE INDEX inputs_of_key ON inputs (keyId) WHERE answer IS NULL;
`;

// What this file wrote.
const request = z.string().transform((text) => JSON.parse(text) as InputRequest);
const answer = z
  .string()
  .nullable()
  .transform((text) =>
    text === null ? undefined : (JSON.parse(text) as InputAnswer | 'withdrawn'),
  );

const row = z.object({
  id: z.string(),
  runId: z.string(),
  keyId: z.string(),
  createdAt: z.number(),
  expiresAt: z.number(),
  request,
  answer,
});

const rows = z.array(row);

export type InputStore = ReturnType<typeof createInputStore>;

/** Keeps what runs wait for, in the file of the runs. */
export function createInputStore(database: DatabaseSync) {
  const add = database.prepare(`
    INSERT INTO inputs (id, runId, keyId, createdAt, expiresAt, request)
    VALUES ($id, $runId, $keyId, $createdAt, $expiresAt, $request)`);
  const read = database.prepare('SELECT * FROM inputs WHERE id = ?');
  const list = database.prepare(
    'SELECT * FROM inputs WHERE keyId = ? AND answer IS NULL ORDER BY number',
  );
  const give = database.prepare('UPDATE inputs SET answer = ? WHERE id = ? AND answer IS NULL');
  const withdraw = database.prepare(
    `UPDATE inputs SET answer = '"withdrawn"' WHERE answer IS NULL
      AND runId IN (SELECT value FROM json_each(?))`,
  );

  return {
    add: (input: Omit<StoredInput, 'answer'>) =>
      void add.run({ ...input, request: JSON.stringify(input.request) }),
    read: (id: string): StoredInput | undefined => row.optional().parse(read.get(id)),
    /** What runs of a key wait for, the oldest first. */
    list: (keyId: string): readonly StoredInput[] => rows.parse(list.all(keyId)),
    /** Stores the answer if it is the first; returns whether it is. */
    answer: (id: string, given: InputAnswer | 'withdrawn') =>
      give.run(JSON.stringify(given), id).changes > 0,
    /** None of these runs waits for an answer any more. */
    withdrawAll: (runIds: readonly string[]) => void withdraw.run(JSON.stringify(runIds)),
  };
}
