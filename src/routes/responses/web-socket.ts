import { upgradeWebSocket } from '@hono/node-server';
import type { Context } from 'hono';

import { toCause } from '../../http/log-request.ts';
import type { AppEnv } from '../../http/variables.ts';
import type { Run } from '../../run.ts';
import { RunError, toRunError } from '../../run-error.ts';
import { readStreamId } from './client-event.ts';
import type { ResponseParts } from './response-parts.ts';
import { createInbox } from './web-socket-inbox.ts';
import { createTurns, toAgeError, toErrorEvent } from './web-socket-turns.ts';

/** As OpenAI has it. */
const LONGEST_CONNECTION_MS = 3_600_000;

/** What may lie here, in bytes, for who says more than may wait and reads no refusal. */
const MAX_UNREAD_BYTES = 1_048_576;

const GOING_AWAY = 1001;
const POLICY_VIOLATION = 1008;

export type WebSocketParts = ResponseParts & { run: Run; requestTimeoutMs: number };

/** `GET /v1/responses` with an upgrade: one response after the other, until either side closes. */
export function connectResponses({ run, book, stopping, requestTimeoutMs }: WebSocketParts) {
  return upgradeWebSocket((c: Context<AppEnv>) => {
    const { caller, log, countRefused, isKeyValid } = c.var;
    const left = new AbortController();
    let connection: Connection | undefined;

    const send = (text: string) => sendText(connection, text);
    const turns = createTurns({
      run,
      book,
      caller,
      countRefused,
      requestTimeoutMs,
      send,
      onFailure: (failure, requestId) =>
        log.warn({ code: failure.code, turn: requestId, ...toCause(failure) }, failure.message),
    });
    const answer = async (text: string) => {
      if (left.signal.aborted) return;
      try {
        if (await isKeyValid()) return await turns.answer(text, left.signal);
      } catch (error) {
        // The keys cannot be read at present: the next message may find them again.
        return send(toErrorEvent(toRunError(error), caller.requestId, readStreamId(text)));
      }
      await send(toErrorEvent(toKeyError(), caller.requestId));
      connection?.close(POLICY_VIOLATION, 'the key has ended');
    };
    const inbox = createInbox(answer, (error) => log.error({ err: error }, 'WebSocket'));
    const close = () => inbox.enqueue(async () => connection?.close(GOING_AWAY, 'going away'));
    const expire = () => {
      inbox.enqueue(() => send(toErrorEvent(toAgeError(), caller.requestId)));
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
        if (inbox.add(String(data))) return;
        if (countUnread(connection) > MAX_UNREAD_BYTES) toRaw(connection)?.terminate();
        else void send(toErrorEvent(toWaitingError(), caller.requestId));
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

/** As `ws` has it. */
type RawConnection = {
  bufferedAmount: number;
  send(text: string, done: () => void): void;
  terminate(): void;
};

function toRaw(connection: Connection | undefined) {
  return connection?.raw as RawConnection | undefined; // of `ws`
}

function countUnread(connection: Connection | undefined) {
  return toRaw(connection)?.bufferedAmount ?? 0;
}

/** Resolves when the text has left, so that a slow reader slows the model down. */
function sendText(connection: Connection | undefined, text: string): Promise<void> {
  const raw = toRaw(connection);
  return new Promise((resolve) => {
    if (raw) raw.send(text, () => resolve());
    else resolve();
  });
}

function toWaitingError() {
  return new RunError(
    'rate-limited',
    'Too many messages wait on this connection already; wait for their answers.',
    { retryAfterSeconds: 1 },
  );
}

function toKeyError() {
  return new RunError('unauthenticated', 'This key was revoked, or has another text by now.');
}
