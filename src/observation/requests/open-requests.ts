import { type DatabaseOptions, openDatabase } from '../../state/open-database.ts';
import type { Redact } from '../redact.ts';
import type { RunObserver } from '../run-record.ts';
import { type KeptRequest, toRow } from './kept-request.ts';
import type { RequestFilter } from './request-filter.ts';
import {
  type Choices,
  createRequestTable,
  type PageOptions,
  REQUESTS_SCHEMA,
} from './request-table.ts';
import type { Times } from './times.ts';
import { createUsage, type Usage } from './usage.ts';

export type RequestsOptions = Pick<DatabaseOptions, 'file' | 'onSetAside'> & {
  /** The oldest make room; 0 keeps none. Default: 100,000. */
  most?: number;
  /** Takes secrets out of the sentences of failures. Default: nothing is taken out. */
  redact?: Redact;
  /** Told of failures that must not spoil an answer. Default: nobody. */
  onProblem?: (error: unknown) => void;
  /** Milliseconds since 1970. Default: the system's clock. */
  now?: () => number;
};

export type KeptRequests = {
  observer: RunObserver;
  /** Those that fit, the newest first. */
  list: (filter: RequestFilter, page: PageOptions) => readonly KeptRequest[];
  /** How long all those that fit took. */
  readTimes: (filter: RequestFilter) => Promise<Times>;
  /** Keys and models of what is kept. */
  readChoices: () => Choices;
  /** Who used what since then, in milliseconds since 1970. */
  readUsage: (fromMs: number) => Promise<Usage>;
  /** When the key's last request ended, in milliseconds since 1970; `undefined` where none is kept. */
  readLastUse: (keyId: string) => number | undefined;
  close: () => void;
};

type Write = (table: ReturnType<typeof createRequestTable>) => void;

/** Time in which writes gather, in milliseconds: one transaction for all of them. */
const GATHER_MS = 200;

/** What a disk that takes nothing may leave in memory; the oldest goes. */
const MOST_WAITING = 10_000;

/** Opens what is kept of the last runs, one row each. Nobody waits for a write. */
export function openRequests({
  most = 100_000,
  redact = (text) => text,
  onProblem = () => {},
  now = Date.now,
  ...place
}: RequestsOptions): KeptRequests {
  const database = openDatabase({ ...place, ...REQUESTS_SCHEMA });
  const table = createRequestTable(database);
  const usage = createUsage(database);
  let waiting: Write[] = [];
  let timer: NodeJS.Timeout | undefined;

  function written() {
    clearTimeout(timer);
    timer = undefined;
    if (waiting.length > 0) writeAll();
    return { table, usage };
  }

  function writeAll() {
    try {
      database.exec('BEGIN IMMEDIATE');
      for (const write of waiting) write(table);
      table.removeAllBut(most);
      database.exec('COMMIT');
      waiting = [];
    } catch (error) {
      onProblem(error);
      if (database.isOpen && database.isTransaction) database.exec('ROLLBACK');
    }
  }

  function add(write: Write) {
    if (most === 0) return;
    waiting.push(write);
    if (waiting.length > MOST_WAITING) waiting.shift();
    timer ??= setTimeout(written, GATHER_MS).unref();
  }

  return {
    observer: {
      ended(record, atMs = now()) {
        const row = toRow(record, atMs, redact);
        add((rows) => rows.insert(row));
      },
      charged: ({ requestId }, costUsd) => add((rows) => rows.charge(requestId, costUsd)),
    },
    list: (filter, page) => written().table.list(filter, page),
    readTimes: (filter) => written().table.readTimes(filter),
    readChoices: () => table.readChoices(),
    readUsage: (fromMs) => written().usage.readSince(fromMs),
    readLastUse: (keyId) => usage.readLastUse(keyId),
    close() {
      written();
      database.close();
    },
  };
}
