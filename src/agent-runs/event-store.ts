import type { DatabaseSync } from 'node:sqlite';

import { z } from 'zod';

import type { RunEvent } from '../run.ts';

export const EVENTS_SCHEMA = `
  CREATE TABLE events (
    runId TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    id INTEGER NOT NULL,
    type TEXT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (runId, id)
  ) STRICT, WITHOUT ROWID;
`;

const event = z.object({ id: z.number(), type: z.string(), data: z.string() });
const events = z.array(event);

/** One event of a run; ids count from 1 without a gap. `data` is its JSON text. */
export type StoredEvent = Readonly<z.output<typeof event>>;

/** Keeps the events of runs, in the file of the runs. */
export function createEventStore(database: DatabaseSync) {
  const addEvent = database.prepare('INSERT INTO events VALUES ($runId, $id, $type, $data)');
  const listEvents = database.prepare(
    'SELECT id, type, data FROM events WHERE runId = ? AND id > ? ORDER BY id LIMIT ?',
  );
  const listEventsOf = database.prepare(
    'SELECT id, type, data FROM events WHERE runId = ? AND type = ? ORDER BY id',
  );

  return {
    addEvent: (runId: string, { id, type, data }: StoredEvent) =>
      void addEvent.run({ runId, id, type, data }),
    /** At most `limit` events behind the one with the id `after`. */
    listEvents: (runId: string, after: number, limit: number): readonly StoredEvent[] =>
      events.parse(listEvents.all(runId, after, limit)),
    /** All events of one type. */
    listEventsOf: (runId: string, type: RunEvent['type']): readonly StoredEvent[] =>
      events.parse(listEventsOf.all(runId, type)),
  };
}
