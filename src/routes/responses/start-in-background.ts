import { setImmediate } from 'node:timers/promises';

import { z } from 'zod';

import { MOST_LOSSES, toLostTooOften } from '../../most-losses.ts';
import { ResponsesBody } from '../../dialects/openai-responses/body.ts';
import { Item, type InputItem } from '../../dialects/openai-responses/input-item.ts';
import {
  type NumberedEvent,
  toNumberedEvents,
} from '../../dialects/openai-responses/to-messages.ts';
import {
  isEnded,
  type Response,
  toResponseId,
} from '../../dialects/openai-responses/to-response.ts';
import type { GoOn, StreamedEvent } from '../../responses/background-runs.ts';
import type { StoredResponse } from '../../responses/response-store.ts';
import type { Run } from '../../run.ts';
import { toAnswerEvents } from '../../run-answer.ts';
import { RunError } from '../../run-error.ts';
import { untilThereIsRoom } from '../until-there-is-room.ts';
import { type KeepState, toKeptEvents } from './keep-events.ts';
import { type OpenedExchange, reopenExchange } from './open-exchange.ts';
import type { ResponseParts } from './response-parts.ts';

/** Of a request, what it takes to begin its response anew; its input stands in the response. */
const Asked = z.object({
  keyId: z.string(),
  requestId: z.string(),
  arrivedAtMs: z.number(),
  body: z.record(z.string(), z.unknown()),
});

const Items = z.array(Item);

const ITEMS_AT_ONCE = 500;

/** Starts a run that goes on without its caller; resolves with the response in its first state. Throws when it cannot be stored. */
export async function startInBackground(
  opened: OpenedExchange,
  run: Run,
  { book, background }: ResponseParts,
): Promise<Response> {
  const { exchange, isStream, toStored } = opened;
  const id = toResponseId(exchange.requestId);
  let first: Response | undefined;
  const keep: KeepState = async (response, texts) => {
    const stored = toStored(response, isStream ? texts : []);
    // Nobody could ask for a response that is not there, so its run does not begin.
    await (first ? book.saveAtLast(stored) : book.add(stored));
    first ??= response;
  };
  await background.start({
    id,
    keepsEvents: isStream,
    readAsked: () => toAsked(opened),
    events: (signal) =>
      toKeptEvents(
        () => toNumberedEvents(toAnswerEvents(run(exchange.request, signal)), exchange),
        { keep, isStream, giveBack: () => background.giveBack(id) },
      ),
  });
  if (!first) throw new RunError('internal', 'The response ended before it began.');
  return first;
}

/** Begins the responses anew that lost servers left, but those of which words could have been heard: these have failed. */
export function goOnInBackground(run: Run, { book, background }: ResponseParts): void {
  const patientRun = untilThereIsRoom(run);
  const goOn: GoOn<StreamedEvent> = async function* goOn({ asked, told, losses }, signal) {
    const { body, keyId, requestId, arrivedAtMs } = Asked.parse(JSON.parse(asked));
    const id = toResponseId(requestId);
    const stored = await book.find(id, keyId);
    if (!stored || stored.isFinished) return;
    const { input } = stored;
    const isStream = body['stream'] === true;
    const caller = { keyId, user: undefined, requestId };
    const asking = { caller, requestId, arrivedAtMs };
    async function* begin() {
      signal.throwIfAborted();
      if (told.some(isWord)) throw toLost();
      if (losses > MOST_LOSSES) throw toLostTooOften();
      const { exchange } = reopenExchange(await toWholeBody(body, input), asking);
      const events = toAnswerEvents(patientRun(exchange.request, signal));
      yield* skip(toNumberedEvents(events, exchange), told.length);
    }
    yield* toKeptEvents(begin, {
      isStream,
      told,
      last: stored.response as Response, // as it was kept
      keep: (response, texts) =>
        book.saveAtLast({
          ...stored,
          isFinished: isEnded(response),
          response,
          events: isStream ? [...texts] : [],
        }),
      giveBack: () => background.giveBack(id),
    });
  };
  background.goOnWith(goOn);
}

function toAsked({ exchange }: OpenedExchange): string {
  const { body, requestId, arrivedAtMs, request } = exchange;
  const { keyId } = request.caller;
  return JSON.stringify({ keyId, requestId, arrivedAtMs, body: { ...body, input: undefined } });
}

/** Reads the input a few items at a time, and lets the event loop turn in between: all of a large one takes seconds. */
async function toWholeBody(body: object, input: StoredResponse['input']) {
  const items: InputItem[] = [];
  for (let from = 0; from < input.length; from += ITEMS_AT_ONCE) {
    if (from > 0) await setImmediate();
    items.push(...Items.parse(input.slice(from, from + ITEMS_AT_ONCE)));
  }
  return { ...ResponsesBody.parse({ ...body, input: undefined }), input: items };
}

/** Whether it says more than in which state the response is. */
function isWord({ data }: StreamedEvent) {
  return !('response' in (JSON.parse(data) as object)); // the dialect's own text
}

/** Leaves out what was told before: the states through which every response goes. */
async function* skip(events: AsyncIterable<NumberedEvent>, count: number) {
  for await (const event of events) if (event.sequence_number >= count) yield event;
}

function toLost() {
  return new RunError(
    'cli-failed',
    'The server that carried this response out was lost after it had begun to answer.',
  );
}
