import { join } from 'node:path';

import type { Config } from '../config.ts';
import type { Log } from '../http/log-request.ts';
import { openHistory } from '../observation/history.ts';
import { toRedact } from '../observation/redact.ts';
import type { RunObserver } from '../observation/run-record.ts';
import { openRequests } from '../observation/requests/open-requests.ts';
import { createSharedEnds } from '../observation/shared-ends.ts';
import { createPatientWrites, PATIENCE_MS } from '../state/patient-writes.ts';
import type { SharedState } from '../state/shared-state.ts';
import { readHome } from './read-home.ts';

type RecordsParts = {
  /** Texts that nothing kept may hold. */
  secrets: readonly string[];
  /** What the servers of a cluster share. */
  shared: SharedState | undefined;
  log: Log;
};

/** What is kept of runs that ended, those of the other servers of a cluster among them. */
export async function openRecords(config: Config, { secrets, shared, log }: RecordsParts) {
  const history = openHistory({
    file: join(config.stateDir, 'history.db'),
    onSetAside: (report) => log.error(report, 'the history database was damaged and set aside'),
    onProblem: (error) => log.error({ err: error }, 'the history could not be written'),
  });
  const requests = openRequests({
    file: join(config.stateDir, 'requests.db'),
    most: config.maxKeptRequests,
    redact: toRedact(secrets),
    onSetAside: (report) => log.error(report, 'the request database was damaged and set aside'),
    onProblem: (error) => log.error({ err: error }, 'the requests could not be put on record'),
  });
  const ends =
    shared &&
    (await openEnds(config.stateDir, [history.observer, requests.observer], { shared, log }));
  return {
    history,
    requests,
    /** Tells the others of this server's runs. */
    others: ends?.observer,
    async close() {
      await ends?.close();
      history.close();
      requests.close();
    },
  };
}

/** How a server of a cluster tells the others which runs ended here, and hears of theirs. */
async function openEnds(
  stateDir: string,
  observers: readonly RunObserver[],
  { shared, log }: { shared: SharedState; log: Log },
) {
  const writes = createPatientWrites({
    patienceMs: PATIENCE_MS,
    onProblem: (error) => log.error({ err: error }, 'other servers could not be told of a run'),
  });
  const ends = await createSharedEnds({
    shared,
    server: await readHome(stateDir),
    file: join(stateDir, 'read-of-cluster'),
    observers,
    writes,
    onProblem: (error) => log.error({ err: error }, "other servers' runs could not be read"),
  });
  return {
    observer: ends.observer,
    async close() {
      await writes.close();
      await ends.close();
    },
  };
}
