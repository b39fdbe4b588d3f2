import { join } from 'node:path';

import { openDatabase } from '../state/open-database.ts';
import type { SharedState } from '../state/shared-state.ts';
import { COUNTERS_SCHEMA, type Counters, createCounters } from './counters.ts';
import { createPlaces, type Places } from './places.ts';
import { createSharedCounters } from './shared-counters.ts';
import { createSharedPlaces } from './shared-places.ts';

/** The log, as far as it is used. */
type Log = Record<'error' | 'info', (details: object, message: string) => void>;

export type OpenedCounters = { counters: Counters; places: Places; close: () => void };

export type OpenCountersOptions = {
  stateDir: string;
  /** What the servers of a cluster share. Default: this one counts for itself, in its state folder. */
  shared?: SharedState | undefined;
  /** How long a request counts that is under way on a server of a cluster that is lost, in milliseconds. */
  leaseMs: number;
  log: Log;
};

/** Opens what counts for the limits of keys. */
export function openCounters({
  stateDir,
  shared,
  leaseMs,
  log,
}: OpenCountersOptions): OpenedCounters {
  if (shared) {
    const places = createSharedPlaces({ shared, leaseMs });
    return { counters: createSharedCounters(shared), places, close: places.close };
  }
  const database = openDatabase({
    file: join(stateDir, 'limits.db'),
    schema: COUNTERS_SCHEMA,
    version: 1,
    onSetAside: (report) => log.error(report, 'the limits database was damaged and set aside'),
  });
  const counters = createCounters({
    database,
    onProblem: (error) =>
      log.error({ err: error }, 'the limits database fails: what keys use is counted in memory'),
    onRecovery: () => log.info({}, 'the limits database takes what keys use again'),
  });
  return { counters, places: createPlaces(), close: () => database.close() };
}
