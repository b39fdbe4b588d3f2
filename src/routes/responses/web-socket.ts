import { upgradeWebSocket } from '@hono/node-server';
import type { Context } from 'hono';

import type { AppEnv } from '../../http/variables.ts';
import type { Run } from '../../run.ts';
import { RunError } from '../../run-error.ts';
import type { ResponseParts } from './response-parts.ts';
import { createTurns, toAgeError, toErrorEvent } from './web-socket-turns.ts';

/** As OpenAI has it. */
const LONGEST_CONNECTION_MS = 3_600_000;

/** Messages that may wait while one is answered. */
const MAX_WAITING = 16;

const GOING_AWAY = 1001;

export type WebSocketParts = ResponseParts & { run: Run; requestTimeoutMs: number };

/** `GET /v1/responses` with an upgrade: one response after the other, until either side closes. */
export function connectResponses({ run, book, stopping, requestTimeoutMs }: WebSocketParts) {
  return upgradeWebSocket((c: Context<AppEnv>) => {
    const { caller, log, countRefused } = c.var;
    const left = new AbortController();
    let waiting = 0;
    let last = Promise.resolve();
    let connection: Connection | undefined;

    const send = (text: string) => sendText(connection, text);
    const turns = createTurns({
      run,
      book,
      caller,
      countRefused,
      requestTimeoutMs,
      send,
      onFailure: ({ code, message, cause }, requestId) =>
        log.warn({ code, cause, turn: requestId }, message),
    });
    /** Waits for what was asked before. */
    const enqueue = (task: () => Promise<void>) => {
      last = last.then(task).catch((error: unknown) => log.error({ err: error }, 'WebSocket'));
    };
    const close = () => enqueue(async () => connection?.close(GOING_AWAY, 'going away'));
    const expire = () => {
      enqueue(() => send(toErrorEvent(toAgeError(), caller.requestId)));
      close();
    };
    const age = setTimeout(expire, LONGEST_CONNECTION_MS).unref();

    return {
      onOpen(_event, ws) {
        connection = ws;
        stopping.addEventListener('abort', close);
        if (stopping.aborted) close();
      },
      onMessage({ data }) {
        if (waiting >= MAX_WAITING) {
          void send(toErrorEvent(toWaitingError(), caller.requestId));
          return;
        }
        waiting += 1;
        enqueue(async () => {
          waiting -= 1;
          if (!left.signal.aborted) await turns.answer(String(data), left.signal);
        });
      },
      onClose() {
        clearTimeout(age);
        stopping.removeEventListener('abort', close);
        left.abort(new RunError('cancelled', 'The caller left.'));
      },
    };
  });
}

/** The part of a WebSocket that is used. */
type Connection = {
  raw?: unknown;
  send(text: string): void;
  close(code: number, reason: string): void;
};

/** Resolves when the text has left, so that a slow reader slows the model down. */
function sendText(connection: Connection | undefined, text: string): Promise<void> {
  const raw = connection?.raw as { send?(text: string, done: () => void): void } | undefined; // of `ws`
  return new Promise((resolve) => {
    if (raw?.send) raw.send(text, () => resolve());
    else resolve();
  });
}

function toWaitingError() {
  return new RunError(
    'rate-limited',
    `${MAX_WAITING} messages wait on this connection already; wait for their answers.`,
    { retryAfterSeconds: 1 },
  );
}
