import { join } from 'node:path';

import type { Config } from '../config.ts';
import { createPatientWrites, PATIENCE_MS, type PatientWrites } from '../state/patient-writes.ts';
import type { SharedState } from '../state/shared-state.ts';
import { type BackgroundRuns, createBackgroundRuns } from './background-runs.ts';
import { createResponseBook, type ResponseBook } from './response-book.ts';
import type { RunningServer } from '../state/running-servers.ts';
import type { JsonObject, UnfinishedResponse } from './response-store.ts';
import { createSharedBackground } from './shared-background.ts';
import { createSharedStore } from './shared-store.ts';
import { createSqliteStore } from './sqlite-store.ts';

export type OpenResponsesOptions = {
  config: Pick<
    Config,
    | 'stateDir'
    | 'responseTtlMs'
    | 'maxResponsesPerKey'
    | 'maxResponseBytesPerKey'
    | 'backgroundTimeoutMs'
    | 'workerLockMs'
  >;
  log: { error: (details: object, message: string) => void };
  /** What the servers of a cluster share. Default: this one has its own. */
  shared?: SharedState | undefined;
  /** This one among the servers of the folder: what one that is gone left unfinished was cut. */
  server: Pick<RunningServer, 'id' | 'isAlone' | 'isRunning'>;
  /** Makes a response that a stopping server cut off a finished one, in the dialect's words. */
  toEnded: (response: JsonObject) => JsonObject;
};

export type OpenedResponses = {
  book: ResponseBook;
  background: BackgroundRuns;
  /** Aborts with `stop`. */
  stopping: AbortSignal;
  /** Lets connections end after their current response. */
  stop: () => void;
  /** Ends what still runs, for this reason, and closes the file. */
  close: (reason: unknown) => Promise<void>;
};

/** How often it is looked whether a server of the folder left something, in milliseconds. */
const LOOK_MS = 5000;

/**
 * Opens the responses: in the state folder, where what a dead server left unfinished has failed, or those of a cluster,
 * whose servers go on with it.
 */
export async function openResponses(options: OpenResponsesOptions): Promise<OpenedResponses> {
  const { config, log, shared, toEnded } = options;
  const writes = createPatientWrites({
    patienceMs: shared ? PATIENCE_MS : 0,
    onProblem: (error) => log.error({ err: error }, 'a response could not be stored'),
  });
  const { store, background, isLeft, close } = shared
    ? await openThose(options, shared, writes)
    : openOwn(options);
  const stopping = new AbortController();
  const book = createResponseBook({
    store,
    ttlMs: config.responseTtlMs,
    maxPerKey: config.maxResponsesPerKey,
    maxBytesPerKey: config.maxResponseBytesPerKey,
    writes,
  });
  const endLeft = () => book.endUnfinished(toEnded, isLeft);
  await endLeft();
  const noteLeft = (error: unknown) =>
    log.error({ err: error }, 'what a dead server left unfinished could not be ended');
  const sweepMs = shared ? config.workerLockMs : LOOK_MS;
  const sweep = setInterval(() => void endLeft().catch(noteLeft), sweepMs).unref();
  const goOnWith: BackgroundRuns['goOnWith'] = (goOn) => {
    background.goOnWith(goOn);
    void endLeft().catch(noteLeft);
  };
  return {
    book,
    background: { ...background, goOnWith },
    stopping: stopping.signal,
    stop() {
      stopping.abort();
      writes.hurry();
    },
    async close(reason) {
      clearInterval(sweep);
      await background.endAll(reason);
      await writes.close();
      close();
      await store.close();
    },
  };
}

/** Those of this server's folder. */
function openOwn({ config, log, server }: OpenResponsesOptions) {
  const place = {
    file: join(config.stateDir, 'responses.db'),
    onSetAside: (report: object) =>
      log.error(report, 'the response database was damaged and set aside'),
  };
  return {
    store: createSqliteStore(place, server.id),
    background: createBackgroundRuns(config.backgroundTimeoutMs),
    isLeft: async ({ server: its }: UnfinishedResponse) =>
      its ? !server.isRunning(its) : server.isAlone, // older servers noted none
    close: ignore,
  };
}

/** Those of a cluster. */
async function openThose(
  { config, log }: OpenResponsesOptions,
  shared: SharedState,
  writes: PatientWrites,
) {
  const background = await createSharedBackground({
    local: createBackgroundRuns(config.backgroundTimeoutMs),
    shared,
    leaseMs: config.workerLockMs,
    ttlMs: config.responseTtlMs,
    writes,
    onProblem: (error) => log.error({ err: error }, 'a background response is not seen elsewhere'),
  });
  return {
    store: createSharedStore({
      shared,
      ttlMs: config.responseTtlMs,
      toOwner: background.toOwner,
    }),
    background,
    isLeft: async ({ id }: UnfinishedResponse) =>
      !(await background.isAlive(id)) && (await background.takeOver(id)),
    close: background.close,
  };
}

function ignore(): void {}
