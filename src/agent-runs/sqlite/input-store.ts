import type { DatabaseSync } from 'node:sqlite';

import { z } from 'zod';

import type { InputAnswer, InputRequest } from '../../run-input.ts';
import type { InputStore } from '../input-store.ts';

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

/** Keeps what runs wait for, in the file of the runs. */
export function createInputStore(database: DatabaseSync): InputStore & {
  /** None of these runs waits for an answer any more. */
  withdrawAll: (runIds: readonly string[]) => void;
} {
  const add = database.prepare(`
    INSERT INTO inputs (id, runId, keyId, createdAt, expiresAt, request)
    VALUES ($id, $runId, $keyId, $createdAt, $expiresAt, $request)`);
  const read = database.prepare('SELECT * FROM inputs WHERE id = ?');
  const list = database.prepare(
    'SELECT * FROM inputs WHERE keyId = ? AND answer IS NULL ORDER BY number',
  );
  const give = database.prepare('UPDATE inputs SET answer = ? WHERE id = ? AND answer IS NULL');
  const forgetResult = database.prepare(
    `UPDATE inputs SET answer = json_remove(answer, '$.result')
      WHERE id = ? AND json_type(answer, '$.result') IS NOT NULL`,
  );
  const withdraw = database.prepare(
    `UPDATE inputs SET answer = '"withdrawn"' WHERE answer IS NULL
      AND runId IN (SELECT value FROM json_each(?))`,
  );

  return {
    add: async (input) => void add.run({ ...input, request: JSON.stringify(input.request) }),
    read: async (id) => row.optional().parse(read.get(id)),
    list: async (keyId) => rows.parse(list.all(keyId)),
    answer: async (id, given) => give.run(JSON.stringify(given), id).changes > 0,
    forgetResult: async (id) => void forgetResult.run(id),
    withdrawAll: (runIds) => void withdraw.run(JSON.stringify(runIds)),
  };
}
