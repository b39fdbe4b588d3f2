import { createDeadline } from '../../common/deadline.ts';
import { openaiResponses } from '../../dialects/openai-responses/index.ts';
import { toNumberedEvents } from '../../dialects/openai-responses/to-messages.ts';
import { countIfRefused } from '../../http/count-if-refused.ts';
import { createRequestId } from '../../http/identify-request.ts';
import type { Variables } from '../../http/variables.ts';
import type { StoredResponse } from '../../responses/response-store.ts';
import type { Caller, Run } from '../../run.ts';
import { RunError, toRunError } from '../../run-error.ts';
import { toIgnoredNames } from '../name-ignored.ts';
import { openRun } from '../open-run.ts';
import { releaseWhenAborted } from '../release-when-aborted.ts';
import { type ClientEvent, readClientEvent, readStreamId } from './client-event.ts';
import { openExchange } from './open-exchange.ts';
import { recordEvents } from './record-events.ts';
import type { ResponseParts } from './response-parts.ts';
import { sayNothing } from './say-nothing.ts';

export type TurnsParts = Pick<ResponseParts, 'book'> & {
  run: Run;
  caller: Caller;
  /** Counts a message that never becomes a run. */
  countRefused: Variables['countRefused'];
  /** Longest time for a turn, in milliseconds. */
  requestTimeoutMs: number;
  /** Sends one JSON text; resolves when it is on its way. */
  send: (text: string) => Promise<void>;
  /** Told what went wrong in a turn. */
  onFailure: (failure: RunError, requestId: string) => void;
};

export type Turns = {
  /** Answers one message. Never throws. */
  answer: (text: string, left: AbortSignal) => Promise<void>;
};

/**
 * The turns of one connection. It remembers its last response, stored or not; a turn that fails forgets
 * the one that it wanted to continue.
 */
export function createTurns(parts: TurnsParts): Turns {
  const { book, run, caller, requestTimeoutMs, send, onFailure } = parts;
  let latest: StoredResponse | undefined;

  const find = async (id: string) => (latest?.id === id ? latest : book.find(id, caller.keyId));

  const converse = async (event: ClientEvent, requestId: string, signal: AbortSignal) => {
    const asking = { requestId, arrivedAtMs: Date.now(), caller: { ...caller, requestId } };
    const { exchange, toStored, ignored } = await countIfRefused(parts, () =>
      openExchange(event.body, asking, find, event),
    );
    const { start, events } = event.isGenerating
      ? await openRun(run(exchange.request, signal), 0)
      : { start: undefined, events: sayNothing(event.body) };
    // Where no header can go, the first event says it.
    let names = toIgnoredNames(openaiResponses.paramNames, ignored, start);
    const numbered = toNumberedEvents(events, exchange);
    const recorded = recordEvents(releaseWhenAborted(numbered, signal), async (response) => {
      const stored = toStored(response);
      latest = stored;
      if (event.body.store !== false) await book.save(stored);
    });
    for await (const answered of recorded) {
      const named = names.length > 0 && { ignored_params: names };
      names = [];
      await send(JSON.stringify({ ...answered, ...named, stream_id: event.streamId }));
    }
  };

  return {
    async answer(text, left) {
      const requestId = createRequestId();
      const deadline = createDeadline(requestTimeoutMs, left);
      let event: ClientEvent | undefined;
      try {
        event = await countIfRefused(parts, () => readClientEvent(text));
        await converse(event, requestId, deadline.signal);
      } catch (error) {
        if (left.aborted) return;
        const failure = toRunError(error);
        onFailure(failure, requestId);
        if (latest?.id === event?.body.previous_response_id) latest = undefined;
        await send(toErrorEvent(failure, requestId, readStreamId(text)));
      } finally {
        deadline.end();
      }
    },
  };
}

/** The HTTP answer as an event: https://developers.openai.com/api/docs/guides/websocket-mode */
export function toErrorEvent(failure: RunError, requestId: string, streamId?: string): string {
  const { status, body } = openaiResponses.failures.toFailure(failure, requestId);
  return JSON.stringify({ type: 'error', status, ...body, stream_id: streamId });
}

/** The connection has lived its time. */
export function toAgeError(): RunError {
  const sentence =
    'Responses websocket connection limit reached (60 minutes). Create a new websocket connection to continue.';
  return new RunError('invalid-request', sentence, {
    details: { code: 'websocket_connection_limit_reached' },
  });
}
