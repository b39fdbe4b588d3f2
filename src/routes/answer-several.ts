import type { Context } from 'hono';

import type { Dialect, Exchange, Several, SseMessage } from '../dialects/dialect.ts';
import type { AppEnv } from '../http/variables.ts';
import { collectRun } from '../run-answer.ts';
import type { Run, RunRequest } from '../run.ts';
import { nameIgnored } from './name-ignored.ts';
import { type OpenedRun, openRun } from './open-run.ts';
import { releaseWhenAborted } from './release-when-aborted.ts';
import { streamMessages } from './stream-messages.ts';

type Asked<Body> = {
  exchange: Exchange<Body>;
  isStream: boolean;
  ignored: readonly string[];
  run: Run;
  /** How many answers are wanted. */
  count: number;
};

/** Answers a request several times, each time by a run of its own; all fail when one does. */
export async function answerSeveral<Body>(
  c: Context<AppEnv>,
  dialect: Dialect<Body> & { several: Several<Body> },
  { exchange, isStream, ignored, run, count }: Asked<Body>,
): Promise<Response> {
  const { signal, elapsedMs } = c.var;
  const ending = new AbortController();
  const asked: RunRequest = isStream ? exchange.request : { ...exchange.request, isWhole: true };
  const runs = toRequests(asked, count).map((request) =>
    hold(run(request, AbortSignal.any([signal, ending.signal]))),
  );
  const end = () => {
    ending.abort();
    for (const { close } of runs) close();
  };
  try {
    if (!isStream) {
      const answers = await Promise.all(runs.map(({ events }) => collectRun(events)));
      nameIgnored(c, dialect, ignored, answers[0]?.start);
      return c.json(dialect.several.toAnswer(answers, exchange));
    }
    const opened = runs.map(({ events }) => openRun(events, elapsedMs()));
    for (const one of opened) one.catch(ignore); // whoever reads its events is told
    // The others may wait longer for a place.
    nameIgnored(c, dialect, ignored, (await Promise.race(opened)).start);
    const messages = dialect.several.toMessages(opened.map(readWhenOpen), exchange);
    return streamMessages(c, dialect, endWith(releaseWhenAborted(messages, signal), end));
  } catch (error) {
    end();
    throw error;
  }
}

/** The first bears the request's id, the others ids of their own: each is on record for itself. */
export function toRequests(request: RunRequest, count: number): RunRequest[] {
  const { caller } = request;
  return Array.from({ length: count }, (_, index) =>
    index === 0
      ? request
      : { ...request, caller: { ...caller, requestId: `${caller.requestId}-${index + 1}` } },
  );
}

/** A run that can be closed by others than its reader, who may never have come to its first event. */
function hold<Item>(items: AsyncIterable<Item>) {
  const iterator = items[Symbol.asyncIterator]();
  return {
    events: { [Symbol.asyncIterator]: () => iterator },
    close: () => void iterator.return?.().catch(ignore),
  };
}

async function* readWhenOpen(opened: Promise<OpenedRun>) {
  yield* (await opened).events;
}

/** Ends all runs with the stream, however that ends. */
async function* endWith(messages: AsyncIterable<SseMessage>, end: () => void) {
  try {
    yield* messages;
  } finally {
    end();
  }
}

function ignore(): void {}
