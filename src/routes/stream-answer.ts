import type { Context } from 'hono';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';

import type { Dialect, Exchange } from '../dialects/dialect.ts';
import type { AppEnv } from '../middleware/variables.ts';
import type { RunEvent } from '../run.ts';
import { toRunError } from './respond-failure.ts';

/** Until here a failure is still a status code; later the headers go out and wait with the caller. */
const PATIENCE_MS = 20_000;

/** Node's fetch gives up after 300 s of silence, others after 60. */
const KEEPALIVE_MS = 10_000;

/**
 * Streams a run as server-sent events. Waits for the first event, so that what fails before it is
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

  c.header('x-accel-buffering', 'no');
  return streamSSE(c, async (stream) => {
    const keepalive = setInterval(() => void stream.write(': keepalive\n\n'), KEEPALIVE_MS);
    try {
      for await (const message of messages) await stream.writeSSE(message);
    } catch (error) {
      await sayFailure(stream, error);
    } finally {
      clearInterval(keepalive);
    }
  });

  async function sayFailure(stream: SSEStreamingApi, error: unknown) {
    const message = dialect.failures.toFailureMessage(toRunError(error), exchange.requestId);
    await stream.writeSSE(message);
  }
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
