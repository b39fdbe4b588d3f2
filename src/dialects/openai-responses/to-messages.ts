import type { RunEvent, RunStart } from '../../run.ts';
import { createPartCollector, isAgentOnly, toText } from '../../run-answer.ts';
import type { Exchange, SseMessage } from '../dialect.ts';
import { toRefusal } from '../shared/openai-answer.ts';
import type { ResponsesBody } from './body.ts';
import {
  type Place,
  type ResponseEvent,
  toCompactionEvents,
  toDeltaEvents,
  toEndEvents,
  toRefusalEvents,
  toStartEvents,
} from './item-events.ts';
import { isOutput } from './output-item.ts';
import { toAnswer, toItemOptions } from './to-answer.ts';
import { type Response, type ResponseStatus, toResponse } from './to-response.ts';

/** An event of a streamed response. Those that tell its state carry the whole response. */
export type NumberedEvent = {
  type: string;
  sequence_number: number;
  response?: Response | undefined;
};

/** The events of a streamed response, numbered from 0 without a gap. */
export async function* toNumberedEvents(
  events: AsyncIterable<RunEvent>,
  exchange: Exchange<ResponsesBody>,
): AsyncIterable<NumberedEvent> {
  let sequenceNumber = 0;
  for await (const { type, ...fields } of toResponseEvents(events, exchange)) {
    yield { type, sequence_number: sequenceNumber, ...fields };
    sequenceNumber += 1;
  }
}

/** An event as it is sent. */
export function toMessage(event: NumberedEvent): Required<Omit<SseMessage, 'id'>> {
  return { event: event.type, data: JSON.stringify(event) };
}

/** The streamed response as it is sent. */
export async function* toMessages(
  events: AsyncIterable<RunEvent>,
  exchange: Exchange<ResponsesBody>,
): AsyncIterable<SseMessage> {
  for await (const event of toNumberedEvents(events, exchange)) yield toMessage(event);
}

async function* toResponseEvents(
  events: AsyncIterable<RunEvent>,
  exchange: Exchange<ResponsesBody>,
): AsyncIterable<ResponseEvent> {
  const options = toItemOptions(exchange);
  const parts = createPartCollector();
  const places = new Map<number, Place>();
  let start: RunStart | undefined;

  const toLifeEvent = (type: string, status: ResponseStatus) => {
    const model = start?.model ?? exchange.body.model;
    const state = { status, model, output: [], usage: undefined, completedAtMs: undefined };
    return { type, response: toResponse(exchange, state) };
  };

  // Who sent it to the background does not wait for the model.
  if (exchange.body.background) {
    yield toLifeEvent('response.created', 'queued');
    yield toLifeEvent('response.queued', 'queued');
  }
  for await (const event of events) {
    if (isAgentOnly(event)) continue;
    parts.add(event);
    const place = 'index' in event ? places.get(event.index) : undefined;
    switch (event.type) {
      case 'run-start':
        start = event;
        if (!exchange.body.background) yield toLifeEvent('response.created', 'in_progress');
        yield toLifeEvent('response.in_progress', 'in_progress');
        break;
      case 'part-start': {
        const part = parts.all().at(-1);
        if (!part || !isOutput(part, options)) break;
        const newPlace = { part, index: places.size };
        places.set(event.index, newPlace);
        yield* toStartEvents(newPlace, options);
        break;
      }
      case 'part-delta':
        if (place) yield* toDeltaEvents(place, event.delta, options);
        break;
      case 'part-signature':
        break;
      case 'part-end':
        if (place) yield* toEndEvents(place, options);
        break;
      case 'run-end': {
        if (!start) break;
        const answer = { start, parts: parts.all(), end: event };
        if (event.finish === 'refusal') {
          yield* toRefusalEvents(toRefusal(toText(answer)), places.size, options);
        } else if (options.isCompaction) {
          yield* toCompactionEvents(toText(answer), options);
        }
        const response = toAnswer(answer, exchange);
        yield { type: `response.${response.status}`, response };
      }
    }
  }
}
