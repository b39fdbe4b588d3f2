import type { DatabaseSync } from 'node:sqlite';

import { z } from 'zod';

import type { RunStore, StoredEvent } from '../run-store.ts';

export const EVENTS_SCHEMA = `
  CREATE TABLE events (
    runId TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    id INTEGER NOT NULL,
    type TEXT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (runId, id)
  ) STRICT, WITHOUT ROWID;
`;

const events = z.array(z.object({ id: z.number(), type: z.string(), data: z.string() }));

/** Keeps the events of runs, in the file of the runs. */
export function createEventStore(database: DatabaseSync) {
  const add = database.prepare('INSERT INTO events VALUES ($runId, $id, $type, $data)');
  const list = database.prepare(
    'SELECT id, type, data FROM events WHERE runId = ? AND id > ? ORDER BY id LIMIT ?',
  );
  const listOf = database.prepare(
    'SELECT id, type, data FROM events WHERE runId = ? AND type = ? ORDER BY id',
  );
  const addAll = (runId: string, added: readonly StoredEvent[]) => {
    for (const { id, type, data } of added) add.run({ runId, id, type, data });
  };

  return {
    addAll,
    addEvents: async (runId, added) => addAll(runId, added),
    listEvents: async (runId, after, limit) => events.parse(list.all(runId, after, limit)),
    listEventsOf: async (runId, type) => events.parse(listOf.all(runId, type)),
  } satisfies Pick<RunStore, 'addEvents' | 'listEvents' | 'listEventsOf'> & {
    addAll: (runId: string, added: readonly StoredEvent[]) => void;
  };
}
