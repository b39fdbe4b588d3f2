import { readFile, rename, writeFile } from 'node:fs/promises';
import { z } from 'zod';

import type { PatientWrites } from '../state/patient-writes.ts';
import type { SharedState } from '../state/shared-state.ts';
import { fromPlainRecord, PlainRecord, toPlainRecord } from './plain-record.ts';
import { createToldEnds } from './told-ends.ts';
import type { RunObserver } from './run-record.ts';

export type SharedEndsOptions = {
  shared: SharedState;
  /** Tells this server from the others. */
  server: string;
  /** The file that says how far this server has read: what ended while it was away is told after its start. */
  file: string;
  /** Told of the runs of other servers. */
  observers: readonly RunObserver[];
  writes: Pick<PatientWrites, 'write'>;
  /** Those that are kept for servers that are away; the oldest make room. Default: 100,000. */
  most?: number;
  /** Those that wait here while Redis is away; the oldest make room. Default: 10,000. */
  mostWaiting?: number;
  /** How often it is looked what others told, in milliseconds. Default: 1000. */
  everyMs?: number;
  onProblem: (error: unknown) => void;
};

export type SharedEnds = {
  /** Told of this server's runs, tells the others. */
  observer: RunObserver;
  close: () => Promise<void>;
};

/** What is encrypted here can be decrypted for nothing else. */
const PLACE = 'ended run';

const MOST_AT_ONCE = 500;

const Ended = z.object({
  server: z.string(),
  atMs: z.number(),
  ...PlainRecord.partial().shape,
  charged: z.object({ keyId: z.string(), requestId: z.string(), costUsd: z.number() }).optional(),
});

type Ended = z.infer<typeof Ended>;

/** Lets the servers of a cluster hear of each other's runs when they have ended, so that each can tell of all. */
export async function createSharedEnds(options: SharedEndsOptions): Promise<SharedEnds> {
  const { shared, server, most = 100_000, everyMs = 1000, onProblem } = options;
  const stream = shared.toKey('ended');
  const send = createToldEnds({ ...options, stream, most });
  const stopped = new AbortController();
  let last = await readLast(options, stream);
  let reading: Promise<void> | undefined;

  const tell = (ended: Omit<Ended, 'server'>) => {
    send(shared.encrypt(JSON.stringify({ server, ...ended }), PLACE));
  };

  async function readNews() {
    try {
      for (let isMore = true; isMore && !stopped.signal.aborted;) {
        const entries = await readSome(shared, stream, last);
        for (const { id, data } of entries) {
          last = id;
          tellObservers(shared.decrypt(data, PLACE), options);
        }
        if (entries.length > 0) await keepLast(options.file, last);
        isMore = entries.length === MOST_AT_ONCE;
      }
    } catch (error) {
      onProblem(error);
    }
  }

  const look = () => void (reading ??= readNews().finally(() => (reading = undefined)));
  const timer = setInterval(look, everyMs).unref();
  return {
    observer: {
      ended: (record) => tell({ atMs: Date.now(), ...toPlainRecord(record) }),
      charged: ({ keyId, requestId }, costUsd) =>
        tell({ atMs: Date.now(), charged: { keyId, requestId, costUsd } }),
    },
    async close() {
      clearInterval(timer);
      stopped.abort();
      await reading;
    },
  };
}

function tellObservers(text: string, { server, observers }: SharedEndsOptions) {
  const ended = Ended.parse(JSON.parse(text));
  if (ended.server === server) return;
  const { atMs, record, failure, charged } = ended;
  for (const observer of observers) {
    if (record) observer.ended?.(fromPlainRecord({ record, failure }), atMs);
    if (charged) observer.charged?.(charged, charged.costUsd, atMs);
  }
}

/** Where this server goes on reading; one that is new begins with what ends from here on. */
async function readLast({ file, shared }: SharedEndsOptions, stream: string) {
  const known = await readFile(file, 'utf8').catch(() => '');
  if (/^\d+-\d+$/.test(known)) return known;
  const newest = await shared.ask((redis) => redis.xrevrange(stream, '+', '-', 'COUNT', 1));
  return newest[0]?.[0] ?? '0-0';
}

async function keepLast(file: string, last: string) {
  await writeFile(`${file}.new`, last, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

async function readSome(shared: SharedState, stream: string, last: string) {
  const found = await shared.ask((redis) =>
    redis.xreadBuffer('COUNT', MOST_AT_ONCE, 'STREAMS', stream, last),
  );
  const entries = found?.[0]?.[1] ?? [];
  return entries.flatMap(([id, [, data]]) => (data ? [{ id: String(id), data }] : []));
}
