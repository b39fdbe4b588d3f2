import { upgradeWebSocket } from '@hono/node-server';
import type { Context } from 'hono';

import { meterMessages, type MessageMeter } from '../../http/body/meter-messages.ts';
import { readSocket } from '../../http/limit-web-sockets.ts';
import { toCause } from '../../http/log-request.ts';
import type { AppEnv, Variables } from '../../http/variables.ts';
import { toEndedError } from '../../http/watch-keys.ts';
import type { Run } from '../../run.ts';
import { RunError, toRunError } from '../../run-error.ts';
import { readStreamId } from './client-event.ts';
import { type Connection, createConnection } from './connection.ts';
import type { ResponseParts } from './response-parts.ts';
import { createInbox } from './web-socket-inbox.ts';
import { createTurns, toAgeError, toErrorEvent } from './web-socket-turns.ts';

/** As OpenAI has it. */
const LONGEST_CONNECTION_MS = 3_600_000;

/** What may lie here, in bytes, for who says more than may wait and reads no refusal. */
const MAX_UNREAD_BYTES = 1_048_576;

/** How the server closes a connection: https://www.iana.org/assignments/websocket/websocket.xhtml */
const GOING_AWAY = [1001, 'going away'] as const;
const KEY_ENDED = [1008, 'the key has ended'] as const;
const NO_ROOM = [1013, 'the server has no room for this message, try again later'] as const;

export type WebSocketParts = ResponseParts & { run: Run; requestTimeoutMs: number };

/** `GET /v1/responses` with an upgrade: one response after the other, until either side closes. */
export function connectResponses(parts: WebSocketParts) {
  const { stopping } = parts;
  return upgradeWebSocket((c: Context<AppEnv>) => {
    const { caller, log, watchKey, holdBody } = c.var;
    const socket = readSocket(c);
    const connection = createConnection(socket);
    const refuse = (failure: RunError) => connection.send(toErrorEvent(failure, caller.requestId));
    const refuseKey = async () => {
      await refuse(toEndedError());
      connection.close(...KEY_ENDED);
    };
    const left = new AbortController();
    const answer = createAnswer(c.var, parts, { connection, refuseKey, left: left.signal });
    const inbox = createInbox(answer, (error) => log.error({ err: error }, 'WebSocket'));
    const goAway = () => inbox.enqueue(async () => connection.close(...GOING_AWAY));
    const expire = () => {
      inbox.enqueue(() => refuse(toAgeError()));
      goAway();
    };
    const whenClosed = new DisposableStack();
    let meter: MessageMeter | undefined;

    return {
      onOpen(_event, ws) {
        connection.open(ws);
        const onFull = (failure: RunError) => {
          void refuse(failure);
          connection.cutOff(...NO_ROOM);
        };
        meter = meterMessages({ socket, hold: holdBody, onFull });
        whenClosed.defer(meter.end);
        const key = watchKey();
        whenClosed.defer(key.end);
        // The answer that is under way comes first.
        key.signal.addEventListener('abort', () => inbox.enqueue(refuseKey), { once: true });
        const age = setTimeout(expire, LONGEST_CONNECTION_MS).unref();
        whenClosed.defer(() => clearTimeout(age));
        stopping.addEventListener('abort', goAway);
        whenClosed.defer(() => stopping.removeEventListener('abort', goAway));
        if (stopping.aborted) goAway();
      },
      onMessage({ data }) {
        const message = meter?.take();
        if (message?.refusal) return void refuse(message.refusal);
        const forget = () => message?.held.release();
        if (inbox.add(String(data), forget)) return;
        forget();
        if (connection.countUnread() > MAX_UNREAD_BYTES) connection.terminate();
        else void refuse(toWaitingError());
      },
      onClose() {
        whenClosed.dispose();
        left.abort(new RunError('cancelled', 'The caller left.'));
      },
    };
  });
}

type Answering = {
  connection: Connection;
  /** Says that the key has ended, and closes. */
  refuseKey: () => Promise<void>;
  /** Aborts when the caller leaves. */
  left: AbortSignal;
};

/** Answers one message, as long as the key holds with which the connection was opened. */
function createAnswer(
  { caller, log, countRefused, isKeyValid }: Variables,
  { run, book, requestTimeoutMs }: WebSocketParts,
  { connection, refuseKey, left }: Answering,
) {
  const turns = createTurns({
    run,
    book,
    caller,
    countRefused,
    requestTimeoutMs,
    send: connection.send,
    onFailure: (failure, requestId) =>
      log.warn({ code: failure.code, turn: requestId, ...toCause(failure) }, failure.message),
  });
  return async (text: string): Promise<void> => {
    if (left.aborted) return;
    try {
      if (await isKeyValid()) return await turns.answer(text, left);
    } catch (error) {
      // The keys cannot be read at present: the next message may find them again.
      const event = toErrorEvent(toRunError(error), caller.requestId, readStreamId(text));
      return connection.send(event);
    }
    await refuseKey();
  };
}

function toWaitingError() {
  return new RunError(
    'rate-limited',
    'Too many messages wait on this connection already; wait for their answers.',
    { retryAfterSeconds: 1 },
  );
}
