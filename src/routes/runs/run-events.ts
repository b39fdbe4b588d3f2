import type { Context } from 'hono';

import type { RunBook } from '../../agent-runs/run-book.ts';
import type { SseMessage } from '../../dialects/dialect.ts';
import { direct } from '../../dialects/direct/index.ts';
import type { AppEnv } from '../../http/variables.ts';
import { readNumber } from '../read-number.ts';
import { streamMessages } from '../stream-messages.ts';
import { whileKeyHolds } from '../while-key-holds.ts';

type Parts = { book: RunBook; stopping: AbortSignal };

/**
 * `GET /api/runs/{id}/events`: from the first to the last, or behind the one that `Last-Event-ID` or
 * `?after=` names, while the run goes on and afterwards.
 */
export function followRun({ book, stopping }: Parts) {
  return async (c: Context<AppEnv, '/:id'>): Promise<Response> => {
    const { caller } = c.var;
    const id = c.req.param('id');
    await book.get(id, caller.keyId);
    const after =
      readNumber(c.req.query('after'), 'after') ??
      readNumber(c.req.header('last-event-id'), 'Last-Event-ID') ??
      0;
    const events = whileKeyHolds(c.var, (signal) =>
      book.follow(id, caller.keyId, after, AbortSignal.any([signal, stopping])),
    );
    return streamMessages(c, direct, toMessages(events));
  };
}

/** `GET /api/events`: the changes of state of all runs of the key, from here on. */
export function watchRuns({ book, stopping }: Parts) {
  return (c: Context<AppEnv>): Response => {
    // Watches from when it is read; nobody reads the answer to a HEAD.
    const changes = whileKeyHolds(c.var, (signal) =>
      book.watch(c.var.caller.keyId, AbortSignal.any([signal, stopping])),
    );
    return streamMessages(c, direct, toChangeMessages(changes));
  };
}

async function* toMessages(events: ReturnType<RunBook['follow']>): AsyncIterable<SseMessage> {
  for await (const { id, type, data } of events) yield { id: String(id), event: type, data };
}

async function* toChangeMessages(changes: ReturnType<RunBook['watch']>): AsyncIterable<SseMessage> {
  for await (const change of changes) {
    const event = 'run-state';
    yield { event, data: JSON.stringify({ type: event, ...change }) };
  }
}
