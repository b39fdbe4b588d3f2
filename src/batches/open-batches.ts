import { join } from 'node:path';

import type { Config } from '../config.ts';
import { tryLockFile } from '../state/file-lock.ts';
import { type BatchBook, createBatchBook } from './batch-book.ts';
import { createFileBook, type FileBook } from './file-book.ts';
import { type BatchStore, openBatchStore } from './open-store.ts';
import { createRoom, type Room } from './room.ts';
import { type BatchRunner, createBatchRunner, type RunnerOptions } from './runner.ts';
import { createUploads, type Uploads } from './uploads.ts';

export type OpenBatchesOptions = Pick<RunnerOptions, 'enter' | 'mostAtOnce' | 'lookMs'> & {
  config: Pick<
    Config,
    | 'stateDir'
    | 'batchWindowMs'
    | 'batchTtlMs'
    | 'maxBatchBytesPerKey'
    | 'maxBatchRequestsPerKey'
    | 'maxFileBytes'
    | 'backgroundTimeoutMs'
  >;
  /** Whether no other server works on the folder: what is half made in it was then cut. */
  isAlone: boolean;
  log: { error: (details: object, message: string) => void };
  /** Milliseconds since 1970. Default: the system's clock. */
  now?: () => number;
};

/** Batches and their files, as the routes see them. */
export type OpenedBatches = BatchBook & {
  files: FileBook;
  start: BatchRunner['start'];
  /** Removes what is old, and what an earlier server left half made. */
  removeExpired: () => Promise<void>;
  /** Ends what is under way, for this reason, and closes the file. */
  close: (reason: unknown) => Promise<void>;
};

/** Opens the batches in the state folder. One server of a folder carries them out at a time. */
export function openBatches(options: OpenBatchesOptions): OpenedBatches {
  const { config, isAlone, log, now = Date.now } = options;
  const store = openBatchStore({
    file: join(config.stateDir, 'batches.db'),
    onSetAside: (report) => log.error(report, 'the batch database was damaged and set aside'),
  });
  const uploads = createUploads(join(config.stateDir, 'batch-files'));
  const room = createRoom({ store, uploads, maxBytesPerKey: config.maxBatchBytesPerKey });
  const closing = new AbortController();
  const lead = createLead(join(config.stateDir, 'batches.lock'));
  const shared = {
    store,
    room,
    now,
    maxWaitingPerKey: config.maxBatchRequestsPerKey,
    closing: closing.signal,
  };
  const runner = createBatchRunner({
    ...options,
    ...shared,
    ttlMs: config.batchTtlMs,
    itemTimeoutMs: config.backgroundTimeoutMs,
    takeLead: () => lead.take(),
    onProblem: (error) => log.error({ err: error }, 'a batch could not go on'),
  });
  const book = createBatchBook({ ...shared, windowMs: config.batchWindowMs, wake: runner.wake });
  const files = createFileBook({
    ...shared,
    uploads,
    readLines: book.readLines,
    maxFileBytes: config.maxFileBytes,
    maxBytesPerKey: config.maxBatchBytesPerKey,
    ttlMs: config.batchTtlMs,
  });
  const leftBehind = isAlone ? findLeftBehind(store, uploads) : { batches: [], uploads: [] };

  return {
    ...book,
    files,
    start: runner.start,
    async removeExpired() {
      for (const id of leftBehind.batches.splice(0)) await room.removeBatch(id);
      for (const name of leftBehind.uploads.splice(0)) await uploads.remove(name);
      await removeExpired(store, room, { time: now(), ttlMs: config.batchTtlMs });
    },
    async close(reason) {
      closing.abort(reason);
      await runner.close(reason);
      lead.leave();
      store.close();
    },
  };
}

/** The part of the one who carries batches out. */
function createLead(file: string) {
  let release: (() => void) | undefined;
  return {
    take() {
      release ??= tryLockFile(file);
      return release !== undefined;
    },
    leave: () => release?.(),
  };
}

/** What an earlier server left half made, and told nobody of. */
function findLeftBehind({ batches, files }: BatchStore, uploads: Uploads) {
  const halfMade = batches
    .listUnfinished()
    .filter(({ api, state }) => api === 'anthropic' && state === 'filling');
  return {
    batches: halfMade.map(({ id }) => id),
    uploads: uploads.list().filter((name) => !files.read(name)),
  };
}

async function removeExpired(
  { batches, files }: BatchStore,
  room: Room,
  { time, ttlMs }: { time: number; ttlMs: number },
) {
  for (const id of batches.listEndedUntil(time - ttlMs)) await room.removeBatch(id);
  for (const file of files.listExpired(time)) await room.removeFile(file);
}
