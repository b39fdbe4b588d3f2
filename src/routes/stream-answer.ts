import type { Context } from 'hono';
import { stream } from 'hono/streaming';

import type { Dialect, Exchange, SseMessage } from '../dialects/dialect.ts';
import type { AppEnv } from '../middleware/variables.ts';
import type { RunEvent } from '../run.ts';
import { toRunError } from './respond-failure.ts';

/** Until here a failure is still a status code; later the headers go out and wait with the caller. */
const PATIENCE_MS = 20_000;

/** Node's fetch gives up after 300 s of silence, others after 60. */
const KEEPALIVE_MS = 10_000;

type Encoding = { contentType: string; encode: (message: SseMessage) => string; keepalive: string };

/** Every dialect's: https://html.spec.whatwg.org/multipage/server-sent-events.html */
const SERVER_SENT_EVENTS: Encoding = {
  contentType: 'text/event-stream',
  encode: ({ event, data }) => `${event === undefined ? '' : `event: ${event}\n`}data: ${data}\n\n`,
  keepalive: ': keepalive\n\n',
};

/** For shell scripts: one JSON text a line. */
const LINES: Encoding = {
  contentType: 'application/x-ndjson',
  encode: ({ data }) => `${data}\n`,
  keepalive: '\n',
};

/**
 * Streams a run, one write per event. Waits for the first event, so that what fails before it is
 * answered with its status; what fails later becomes the dialect's error message, which is the last.
 */
export async function streamAnswer<Body>(
  c: Context<AppEnv>,
  dialect: Dialect<Body>,
  exchange: Exchange<Body>,
  events: AsyncIterable<RunEvent>,
): Promise<Response> {
  const iterator = events[Symbol.asyncIterator]();
  const first = iterator.next();
  await settledWithin(first, exchange.arrivedAtMs + PATIENCE_MS - Date.now());
  const messages = dialect.toMessages(resume(first, iterator), exchange);

  const encoding = chooseEncoding(c, dialect);
  c.header('content-type', encoding.contentType);
  c.header('cache-control', 'no-cache');
  c.header('x-accel-buffering', 'no');
  return stream(c, async (body) => {
    const keepalive = setInterval(() => void body.write(encoding.keepalive), KEEPALIVE_MS);
    try {
      for await (const message of messages) await body.write(encoding.encode(message));
    } catch (error) {
      const failure = toRunError(error);
      c.var.log.warn({ code: failure.code, cause: failure.cause }, failure.message);
      const last = dialect.failures.toFailureMessage(failure, exchange.requestId);
      await body.write(encoding.encode(last));
    } finally {
      clearInterval(keepalive);
    }
  });
}

function chooseEncoding(c: Context, dialect: { offersLines?: true }) {
  const wantsLines = c.req.header('accept')?.includes(LINES.contentType) ?? false;
  return dialect.offersLines && wantsLines ? LINES : SERVER_SENT_EVENTS;
}

/** Resolves when the promise is settled or the time is up; throws what the promise throws by then. */
async function settledWithin(promise: Promise<unknown>, timeMs: number) {
  const patience = Promise.withResolvers<void>();
  const timer = setTimeout(patience.resolve, Math.max(timeMs, 0));
  try {
    await Promise.race([promise, patience.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Goes on with an iterator whose first step was taken; the run ends when its reader does. */
async function* resume<Item>(first: Promise<IteratorResult<Item>>, iterator: AsyncIterator<Item>) {
  try {
    for (let step = await first; !step.done; step = await iterator.next()) yield step.value;
  } finally {
    await iterator.return?.();
  }
}
