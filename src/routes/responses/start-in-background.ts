import type { SseMessage } from '../../dialects/dialect.ts';
import { openaiResponses } from '../../dialects/openai-responses/index.ts';
import {
  type Response,
  toEndedResponse,
  toResponseId,
} from '../../dialects/openai-responses/to-response.ts';
import type { Run } from '../../run.ts';
import { toAnswerEvents } from '../../run-answer.ts';
import { RunError, toRunError } from '../../run-error.ts';
import type { OpenedExchange } from './open-exchange.ts';
import { readResponse } from './record-messages.ts';
import type { ResponseParts } from './response-parts.ts';

type KeepState = (response: Response, events: readonly string[]) => Promise<void>;

/** Starts a run that goes on without its caller; resolves with the response in its first state. */
export async function startInBackground(
  { exchange, isStream, toStored }: OpenedExchange,
  run: Run,
  { book, background }: ResponseParts,
): Promise<Response> {
  const keep: KeepState = (response, events) =>
    book.save(toStored(response, isStream ? events : []));
  const first = await background.start({
    id: toResponseId(exchange.requestId),
    keepsEvents: isStream,
    events: (signal) =>
      toKeptEvents(
        openaiResponses.toMessages(toAnswerEvents(run(exchange.request, signal)), exchange),
        keep,
      ),
  });
  const response = first && readResponse({ event: 'response.created', data: first });
  if (!response) throw new RunError('internal', 'The response ended before it began.');
  return response;
}

/** Keeps the response in each of its states. A failure is one of them, and nobody's exception. */
async function* toKeptEvents(
  messages: AsyncIterable<SseMessage>,
  keep: KeepState,
): AsyncIterable<string> {
  const events: string[] = [];
  let last: Response | undefined;
  try {
    for await (const message of messages) {
      events.push(message.data);
      const response = readResponse(message);
      if (response) await keep(response, events);
      last = response ?? last;
      yield message.data;
    }
  } catch (error) {
    if (!last) throw error;
    const response = toEndedResponse(last, toRunError(error));
    const sequence_number = events.length;
    const event = JSON.stringify({ type: 'response.failed', sequence_number, response });
    const isFailed = response.status === 'failed';
    await keep(response, isFailed ? [...events, event] : events);
    if (isFailed) yield event;
  }
}
