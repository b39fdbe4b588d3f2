import { join } from 'node:path';

import type { Config } from '../config.ts';
import { type BackgroundRuns, createBackgroundRuns } from './background-runs.ts';
import { createResponseBook, type ResponseBook } from './response-book.ts';
import type { JsonObject } from './response-store.ts';
import { createSqliteStore } from './sqlite-store.ts';

export type OpenResponsesOptions = {
  config: Pick<
    Config,
    | 'stateDir'
    | 'responseTtlMs'
    | 'maxResponsesPerKey'
    | 'maxResponseBytesPerKey'
    | 'backgroundTimeoutMs'
  >;
  log: { error: (details: object, message: string) => void };
  /** Whether no other server works on the folder: what is unfinished was then cut. */
  isAlone: boolean;
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

/** Opens the responses in the state folder. What an earlier server left unfinished has ended. */
export async function openResponses({
  config,
  log,
  isAlone,
  toEnded,
}: OpenResponsesOptions): Promise<OpenedResponses> {
  const store = createSqliteStore({
    file: join(config.stateDir, 'responses.db'),
    onSetAside: (report) => log.error(report, 'the response database was damaged and set aside'),
  });
  const book = createResponseBook({
    store,
    ttlMs: config.responseTtlMs,
    maxPerKey: config.maxResponsesPerKey,
    maxBytesPerKey: config.maxResponseBytesPerKey,
    onProblem: (error) => log.error({ err: error }, 'a response could not be stored'),
  });
  const background = createBackgroundRuns(config.backgroundTimeoutMs);
  const stopping = new AbortController();
  if (isAlone) await book.endUnfinished(toEnded);
  return {
    book,
    background,
    stopping: stopping.signal,
    stop: () => stopping.abort(),
    async close(reason) {
      await background.endAll(reason);
      await store.close();
    },
  };
}
