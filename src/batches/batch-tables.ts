import { z } from 'zod';

import type { Batch, BatchFile, BatchProblem, BatchState, ItemOutcome } from '../batch.ts';

/** A page of a key's list, the newest first: behind one, or in front of one, of it. */
export type Page = { after?: string | undefined; before?: string | undefined; limit: number };

export type NewBatch = Pick<
  Batch,
  'id' | 'keyId' | 'api' | 'endpoint' | 'createdAt' | 'expiresAt' | 'details'
>;

export type BatchEnding = Pick<Batch, 'outputFileId' | 'errorFileId'> & {
  state: BatchState;
  endedAt: number;
  problems?: readonly BatchProblem[];
};

/** Where batches are kept. */
export type BatchTable = {
  add: (batch: NewBatch) => Promise<void>;
  read: (id: string) => Promise<Batch | undefined>;
  /** All requests are there. */
  begin: (id: string, startedAt: number) => Promise<void>;
  /** Asks for its end. */
  cancel: (id: string, cancelledAt: number) => Promise<void>;
  end: (id: string, ending: BatchEnding) => Promise<void>;
  remove: (id: string) => Promise<void>;
  list: (owner: Pick<Batch, 'keyId' | 'api'>, page: Page) => Promise<readonly Batch[]>;
  /** Those of all keys that have not ended, the oldest first. */
  listUnfinished: () => Promise<readonly Batch[]>;
  /** Whether there may be such ones: looking costs little. */
  hasUnfinished: () => Promise<boolean>;
  /** Some of those that ended at this time or earlier. */
  listEndedUntil: (time: number) => Promise<readonly string[]>;
  /** The one of a key that ended first, this one aside. */
  findOldestEnded: (keyId: string, spared?: string) => Promise<string | undefined>;
  usedBytes: (keyId: string) => Promise<number>;
  /** Requests of a key that have no answer yet. */
  countWaiting: (keyId: string) => Promise<number>;
};

/** One request of a batch; `body` is its JSON text. */
export type BatchItem = Readonly<{ number: number; customId: string; body: string }>;

/** What became of a request: the line of JSON that its caller reads. */
export type Settled = { outcome: ItemOutcome; line: string };

/** Where the requests of batches are kept, and their answers; it keeps the batches' counts, too. */
export type ItemTable = {
  /** Adds requests, of which the first has this number. */
  add: (
    batchId: string,
    added: readonly Omit<BatchItem, 'number'>[],
    first: number,
  ) => Promise<void>;
  /** How often a request without an answer was begun, and never left. */
  countBegun: (batchId: string, number: number) => Promise<number>;
  /** A request that has no answer, which is asked from here on. */
  begin: (batchId: string, number: number) => Promise<BatchItem | undefined>;
  /** It is not asked at present: no server was lost with it. */
  leave: (batchId: string, number: number) => Promise<void>;
  /** The numbers of the first requests without an answer. */
  listWaiting: (batchId: string, most: number) => Promise<readonly number[]>;
  /** Some of those without an answer, without their bodies. */
  listUnanswered: (batchId: string) => Promise<readonly BatchItem[]>;
  /** Keeps what became of requests; the first word on each counts. */
  settle: (batchId: string, settled: readonly (Settled & { number: number })[]) => Promise<void>;
  /** A few of the lines behind the one with this number. */
  listLines: (
    batchId: string,
    outcomes: readonly ItemOutcome[],
    after: number,
  ) => Promise<readonly { number: number; line: string }[]>;
  /** How long the lines are together, their ends included. */
  countBytes: (batchId: string, outcomes: readonly ItemOutcome[]) => Promise<number>;
  /** Removes some of a batch's requests, or of those with these outcomes; resolves with whether there were any. */
  removeSome: (batchId: string, outcomes?: readonly ItemOutcome[]) => Promise<boolean>;
  /** Forgets that there were requests in it. */
  resetTotal: (batchId: string) => Promise<void>;
};

/** A file as it is kept; what is made of a batch's answers stands with these. */
export type StoredFile = BatchFile & { batchId: string | undefined };

/** What every store of files reads back; each has its own way to say that a file is of no batch. */
export const FileFields = z.object({
  id: z.string(),
  keyId: z.string(),
  name: z.string(),
  purpose: z.enum(['batch', 'batch_output']),
  bytes: z.number(),
  createdAt: z.number(),
  expiresAt: z.number(),
});

/** Which files of a key are wanted. */
export type FilePage = Omit<Page, 'before'> & {
  purpose?: string | undefined;
  order: 'asc' | 'desc';
};

/** Where it is kept which files there are. */
export type FileTable = {
  /** Adds the file, or replaces the one with its id. */
  add: (file: StoredFile) => Promise<void>;
  read: (id: string) => Promise<StoredFile | undefined>;
  list: (keyId: string, page: FilePage) => Promise<readonly StoredFile[]>;
  listOfBatch: (batchId: string) => Promise<readonly StoredFile[]>;
  /** Some of those whose time is over. */
  listExpired: (time: number) => Promise<readonly StoredFile[]>;
  /** What a key uploaded, the oldest first, this one aside. */
  listUploads: (keyId: string, spared?: string) => Promise<readonly StoredFile[]>;
  usedBytes: (keyId: string) => Promise<number>;
  remove: (id: string) => Promise<void>;
};

/** Where batches, their requests and files are kept. It knows nothing of ownership, lifetime or who carries them out. */
export type BatchStore = {
  batches: BatchTable;
  items: ItemTable;
  files: FileTable;
  close: () => void;
};

/** What a row takes beside its texts, in bytes: many empty ones are not for nothing. */
export const ROW_BYTES = 1024;
