import {
  type NumberedEvent,
  toMessage,
  toNumberedEvents,
} from '../../dialects/openai-responses/to-messages.ts';
import {
  type Response,
  toEndedResponse,
  toResponseId,
} from '../../dialects/openai-responses/to-response.ts';
import type { StreamedEvent } from '../../responses/background-runs.ts';
import type { Run } from '../../run.ts';
import { toAnswerEvents } from '../../run-answer.ts';
import { RunError, toRunError } from '../../run-error.ts';
import type { OpenedExchange } from './open-exchange.ts';
import type { ResponseParts } from './response-parts.ts';

/** Keeps the response in a state, with the texts of its events up to there. */
type KeepState = (response: Response, texts: readonly string[]) => Promise<void>;

/** Starts a run that goes on without its caller; resolves with the response in its first state. Throws when it cannot be stored. */
export async function startInBackground(
  { exchange, isStream, toStored }: OpenedExchange,
  run: Run,
  { book, background }: ResponseParts,
): Promise<Response> {
  let first: Response | undefined;
  const keep: KeepState = async (response, texts) => {
    const stored = toStored(response, isStream ? texts : []);
    // Nobody could ask for a response that is not there, so its run does not begin.
    await (first ? book.saveAtLast(stored) : book.add(stored));
    first ??= response;
  };
  await background.start({
    id: toResponseId(exchange.requestId),
    keepsEvents: isStream,
    events: (signal) =>
      toKeptEvents(toNumberedEvents(toAnswerEvents(run(exchange.request, signal)), exchange), keep),
  });
  if (!first) throw new RunError('internal', 'The response ended before it began.');
  return first;
}

/** Keeps the response in each of its states. A failure is one of them, and nobody's exception. */
async function* toKeptEvents(
  events: AsyncIterable<NumberedEvent>,
  keep: KeepState,
): AsyncIterable<StreamedEvent> {
  const texts: string[] = [];
  let last: Response | undefined;
  try {
    for await (const event of events) {
      const message = toMessage(event);
      texts.push(message.data);
      if (event.response) await keep(event.response, texts);
      last = event.response ?? last;
      yield message;
    }
  } catch (error) {
    if (!last) throw error;
    const response = toEndedResponse(last, toRunError(error));
    const event = { type: 'response.failed', sequence_number: texts.length, response };
    const message = toMessage(event);
    const isFailed = response.status === 'failed';
    await keep(response, isFailed ? [...texts, message.data] : texts);
    if (isFailed) yield message;
  }
}
