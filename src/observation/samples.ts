import type { DatabaseSync } from 'node:sqlite';
import { isDeepStrictEqual } from 'node:util';

import { z } from 'zod';

const sample = z.object({
  /** Requests that waited for a place, and that held one, at most. */
  waiting: z.number(),
  running: z.number(),
  /** CLI processes alive, and those of them that were started ahead and wait, at most. */
  processes: z.number(),
  ready: z.number(),
  /** Processes that requests asked for, by whether one that was started ahead was there. */
  hit: z.number(),
  missed: z.number(),
});

const samples = z.array(sample.extend({ minute: z.number() }));

/** How full a server was within a minute, or a longer time. */
export type Sample = z.infer<typeof sample>;

/** A minute since 1970, and how full it was. */
export type DatedSample = Sample & { minute: number };

/** An idle server, whose CLI does nothing. */
export const NO_LOAD: Sample = {
  waiting: 0,
  running: 0,
  processes: 0,
  ready: 0,
  hit: 0,
  missed: 0,
};

/** Beside the table of minutes, in a file that an earlier version may have made. */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS samples (
    minute INTEGER PRIMARY KEY,
    waiting INTEGER NOT NULL,
    running INTEGER NOT NULL,
    processes INTEGER NOT NULL,
    ready INTEGER NOT NULL,
    hit INTEGER NOT NULL,
    missed INTEGER NOT NULL
  ) STRICT;
`;

/** The table of samples in an open database. */
export function createSamples(database: DatabaseSync) {
  database.exec(SCHEMA);
  // Several servers may share the file.
  const add = database.prepare(`
    INSERT INTO samples VALUES ($minute, $waiting, $running, $processes, $ready, $hit, $missed)
    ON CONFLICT (minute) DO UPDATE SET
      waiting = max(waiting, excluded.waiting), running = max(running, excluded.running),
      processes = max(processes, excluded.processes), ready = max(ready, excluded.ready),
      hit = hit + excluded.hit, missed = missed + excluded.missed`);
  const list = database.prepare('SELECT * FROM samples WHERE minute >= ? ORDER BY minute');
  const remove = database.prepare('DELETE FROM samples WHERE minute < ?');
  let written: DatedSample | undefined;

  return {
    /** Writes only what says something new of its minute. */
    add(minute: number, one: Sample): void {
      const before = written?.minute === minute ? written : undefined;
      const merged = before ? mergeSamples(before, one) : one;
      if (before && isDeepStrictEqual({ minute, ...merged }, before)) return;
      add.run({ minute, ...one });
      written = { minute, ...merged };
    },
    listSince: (minute: number): readonly DatedSample[] => samples.parse(list.all(minute)),
    removeBefore: (minute: number): void => void remove.run(minute),
  };
}

/** The highest of what was full, the sum of what was counted. */
export function mergeSamples(one: Sample, other: Sample): Sample {
  return {
    waiting: Math.max(one.waiting, other.waiting),
    running: Math.max(one.running, other.running),
    processes: Math.max(one.processes, other.processes),
    ready: Math.max(one.ready, other.ready),
    hit: one.hit + other.hit,
    missed: one.missed + other.missed,
  };
}
