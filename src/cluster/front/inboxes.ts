import { z } from 'zod';

import type { Redis } from 'ioredis';

import { inOnePacket } from '../open-redis.ts';

/** What arrives for a run, in the order in which it was said. */
export type Arrival =
  | { kind: 'claimed'; worker: string; attempt: number }
  | { kind: 'events'; attempt: number; seq: number; data: Buffer }
  | { kind: 'lost'; reason: string };

export type Inbox = {
  put: (arrival: Arrival) => void;
  /** Ends the reading with this error. */
  fail: (error: unknown) => void;
  read: () => AsyncIterable<Arrival>;
};

const Entry = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('claimed'), worker: z.coerce.string(), attempt: z.coerce.number() }),
  z.object({
    kind: z.literal('events'),
    attempt: z.coerce.number(),
    seq: z.coerce.number(),
    data: z.instanceof(Buffer),
  }),
  z.object({ kind: z.literal('lost'), reason: z.coerce.string() }),
]);

export type Stream = {
  /** A connection of its own: it waits there. */
  connection: Redis;
  key: string;
  onArrival: (run: string, arrival: Arrival) => void;
  /** What a worker tells beside its runs. */
  onNote: (data: Buffer) => void;
  onProblem: (error: unknown) => void;
  signal: AbortSignal;
};

/** Longest wait for the next entry, in milliseconds; a stop takes that long. */
const BLOCK_MS = 1000;
const MOST_AT_ONCE = 500;
const AFTER_FAILURE_MS = 200;

/** Where the arrivals of one run wait for their reader. */
export function createInbox(): Inbox {
  const arrived: Arrival[] = [];
  let news = Promise.withResolvers<void>();
  let failure: { error: unknown } | undefined;
  const tell = () => {
    news.resolve();
    news = Promise.withResolvers();
  };
  return {
    put(arrival) {
      arrived.push(arrival);
      tell();
    },
    fail(error) {
      failure ??= { error };
      tell();
    },
    async *read() {
      for (;;) {
        const next = news.promise;
        for (let one = arrived.shift(); one; one = arrived.shift()) yield one;
        if (failure) throw failure.error;
        await next;
      }
    },
  };
}

/** Reads all that is for this front, until the signal aborts. What was read is removed. */
export async function readStream(stream: Stream): Promise<void> {
  let last = '0';
  while (!stream.signal.aborted) {
    try {
      for (let asked = ask(stream, last); !stream.signal.aborted;) {
        const entries = await asked;
        last = String(entries.at(-1)?.[0] ?? last);
        asked = inOnePacket(stream.connection, () => {
          remove(stream, entries);
          return ask(stream, last); // on its way while what has come is worked on
        });
        asked.catch(ignore); // it is awaited in a moment
        for (const [, fields] of entries) take(stream, toObject(fields));
      }
    } catch (error) {
      if (stream.signal.aborted) return;
      stream.onProblem(error);
      await new Promise((resolve) => setTimeout(resolve, AFTER_FAILURE_MS));
    }
  }
}

async function ask({ connection, key }: Stream, last: string) {
  const options = ['COUNT', MOST_AT_ONCE, 'BLOCK', BLOCK_MS, 'STREAMS', key, last] as const;
  const answer = await connection.xreadBuffer(...options);
  return answer?.[0]?.[1] ?? [];
}

/** On this connection it comes before the next reading, so that nothing waits for its answer. */
function remove({ connection, key, onProblem }: Stream, entries: Awaited<ReturnType<typeof ask>>) {
  const ids = entries.map(([id]) => String(id));
  if (ids.length > 0) void connection.xdel(key, ...ids).catch(onProblem);
}

function take({ onArrival, onNote, onProblem }: Stream, entry: Record<string, Buffer>) {
  try {
    if (String(entry['kind']) === 'note') onNote(entry['data'] ?? Buffer.alloc(0));
    else {
      const arrival = Entry.parse({ ...entry, kind: String(entry['kind']) });
      onArrival(String(entry['run']), arrival);
    }
  } catch (error) {
    onProblem(error); // one that cannot be read must not keep the others away
  }
}

function toObject(fields: readonly Buffer[]): Record<string, Buffer> {
  const object: Record<string, Buffer> = {};
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const value = fields[index + 1];
    if (value) object[String(fields[index])] = value;
  }
  return object;
}

function ignore(): void {}
