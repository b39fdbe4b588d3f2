import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

import type { Batch } from '../batch.ts';
import type { Config } from '../config.ts';
import { tryLockFile } from '../state/file-lock.ts';
import type { SharedState } from '../state/shared-state.ts';
import { type BatchBook, createBatchBook } from './batch-book.ts';
import { createFileBook, type FileBook } from './file-book.ts';
import type { BatchStore } from './batch-tables.ts';
import { openBatchStore } from './open-store.ts';
import { createRoom, type Room } from './room.ts';
import { type BatchRunner, createBatchRunner, type RunnerOptions } from './runner.ts';
import { openSharedBatchStore } from './shared/open-shared-store.ts';
import { createSharedLead } from './shared/shared-lead.ts';
import { createSharedUploads } from './shared/shared-uploads.ts';
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
    | 'workerLockMs'
  >;
  /** Whether no other server works on the folder: what is half made in it was then cut. */
  isAlone: boolean;
  /** What the servers of a cluster share. Default: this one has its own. */
  shared?: SharedState | undefined;
  log: { error: (details: object, message: string) => void };
  /** Milliseconds since 1970. Default: the clock of the cluster, or the system's. */
  now?: () => number;
};

/** How much longer than its lifetime Redis keeps a batch, in milliseconds: servers remove old ones before. */
const SLACK_MS = 3_600_000;

/** After this time a batch that is in the making still was cut, in milliseconds. */
const MAKING_MS = 600_000;

/** Batches and their files, as the routes see them. */
export type OpenedBatches = BatchBook & {
  files: FileBook;
  start: BatchRunner['start'];
  /** Removes what is old, and what an earlier server left half made. */
  removeExpired: () => Promise<void>;
  /** Ends what is under way, for this reason, and closes the file. */
  close: (reason: unknown) => Promise<void>;
};

/** Opens the batches: in the state folder, or those of a cluster. One server carries them out at a time. */
export function openBatches(options: OpenBatchesOptions): OpenedBatches {
  const { config, shared, log, now = shared?.now ?? Date.now } = options;
  const onProblem = (error: unknown) => log.error({ err: error }, 'a batch could not go on');
  const place = shared ? openThose(options, shared, onProblem) : openOwn(options);
  const { store, uploads, lead, findLeftBehind } = place;
  const room = createRoom({ store, uploads, maxBytesPerKey: config.maxBatchBytesPerKey });
  const closing = new AbortController();
  const parts = {
    store,
    room,
    now,
    maxWaitingPerKey: config.maxBatchRequestsPerKey,
    closing: closing.signal,
  };
  const runner = createBatchRunner({
    ...options,
    ...parts,
    store: place.leadStore,
    ttlMs: config.batchTtlMs,
    itemTimeoutMs: config.backgroundTimeoutMs,
    takeLead: () => lead.take(),
    onProblem,
  });
  const book = createBatchBook({ ...parts, windowMs: config.batchWindowMs, wake: runner.wake });
  const files = createFileBook({
    ...parts,
    uploads,
    readLines: book.readLines,
    maxFileBytes: config.maxFileBytes,
    maxBytesPerKey: config.maxBatchBytesPerKey,
    ttlMs: config.batchTtlMs,
  });
  const leftBehind = findLeftBehind();
  leftBehind.catch(() => undefined); // whoever removes it is told

  return {
    ...book,
    files,
    start: runner.start,
    async removeExpired() {
      const { batches, uploads: halves } = await leftBehind;
      for (const id of batches.splice(0)) await room.removeBatch(id);
      for (const name of halves.splice(0)) await uploads.remove(name);
      await removeExpired(store, room, { time: now(), ttlMs: config.batchTtlMs });
    },
    async close(reason) {
      closing.abort(reason);
      await runner.close(reason);
      await lead.leave();
      store.close();
    },
  };
}

/** Those of this server's folder. */
function openOwn({ config, isAlone, log }: OpenBatchesOptions) {
  const store = openBatchStore({
    file: join(config.stateDir, 'batches.db'),
    onSetAside: (report) => log.error(report, 'the batch database was damaged and set aside'),
  });
  const uploads = createUploads(join(config.stateDir, 'batch-files'));
  return {
    store,
    leadStore: store,
    uploads,
    lead: createLead(join(config.stateDir, 'batches.lock')),
    findLeftBehind: () => (isAlone ? findHalfMade(store, uploads) : noneLeft()),
  };
}

/** Those of a cluster. */
function openThose(
  { config }: OpenBatchesOptions,
  shared: SharedState,
  onProblem: (error: unknown) => void,
) {
  const server = randomUUID();
  const { batchTtlMs, batchWindowMs, workerLockMs } = config;
  const ttlMs = batchWindowMs + batchTtlMs + SLACK_MS;
  return {
    store: openSharedBatchStore({ shared, ttlMs }),
    leadStore: openSharedBatchStore({ shared, ttlMs, lead: server }),
    uploads: createSharedUploads({ shared, ttlMs }),
    lead: createSharedLead({ shared, server, leaseMs: workerLockMs, onProblem }),
    findLeftBehind: noneLeft,
  };
}

/** The part of the one who carries batches out. */
function createLead(file: string) {
  let release: (() => void) | undefined;
  return {
    async take() {
      release ??= tryLockFile(file);
      return release !== undefined;
    },
    leave: async () => release?.(),
  };
}

type LeftBehind = { batches: string[]; uploads: string[] };

async function noneLeft(): Promise<LeftBehind> {
  return { batches: [], uploads: [] };
}

/** What an earlier server left half made, and told nobody of. */
async function findHalfMade({ batches, files }: BatchStore, uploads: Uploads): Promise<LeftBehind> {
  const halfMade = (await batches.listUnfinished()).filter(isInTheMaking);
  const names = uploads.list();
  const known = await Promise.all(names.map((name) => files.read(name)));
  return {
    batches: halfMade.map(({ id }) => id),
    uploads: names.filter((_, index) => !known[index]),
  };
}

/** Whether its requests come with the request that makes it. */
function isInTheMaking({ api, state }: Batch) {
  return api === 'anthropic' && state === 'filling';
}

async function removeExpired(
  { batches, files }: BatchStore,
  room: Room,
  { time, ttlMs }: { time: number; ttlMs: number },
) {
  const left = (await batches.listUnfinished()).filter(
    (batch) => isInTheMaking(batch) && batch.createdAt < time - MAKING_MS,
  );
  const ended = await batches.listEndedUntil(time - ttlMs);
  for (const id of [...left.map((batch) => batch.id), ...ended]) await room.removeBatch(id);
  for (const file of await files.listExpired(time)) await room.removeFile(file);
}
