import { join } from 'node:path';

import { openDatabase } from '../state/open-database.ts';
import { COUNTERS_SCHEMA, type Counters, createCounters } from './counters.ts';

/** The log, as far as it is used. */
type Log = Record<'error' | 'info', (details: object, message: string) => void>;

export type OpenedCounters = Counters & { close: () => void };

/** Opens the counters in the state folder. */
export function openCounters(stateDir: string, log: Log): OpenedCounters {
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
  return { ...counters, close: () => database.close() };
}
