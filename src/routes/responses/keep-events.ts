import { type NumberedEvent, toMessage } from '../../dialects/openai-responses/to-messages.ts';
import { type Response, toEndedResponse } from '../../dialects/openai-responses/to-response.ts';
import type { StreamedEvent } from '../../responses/background-runs.ts';
import { toRunError } from '../../run-error.ts';

/** Keeps the response in a state, with the texts of its events up to there. */
export type KeepState = (response: Response, texts: readonly string[]) => Promise<void>;

export type KeepEventsOptions = {
  keep: KeepState;
  /** Whether its caller can hear words before it is whole. */
  isStream: boolean;
  /** Events of an earlier server. Default: none. */
  told?: readonly StreamedEvent[];
  /** How the response stands. Default: it is not there yet. */
  last?: Response;
  /** Leaves it to another server; resolves with whether one can take it. */
  giveBack: () => Promise<boolean>;
};

/**
 * Keeps the response in each of its states. A failure is one of them, and nobody's exception; but what nobody has
 * heard a word of when the server stops, is left to another one.
 */
export async function* toKeptEvents(
  begin: () => AsyncIterable<NumberedEvent>,
  { keep, isStream, told = [], last, giveBack }: KeepEventsOptions,
): AsyncIterable<StreamedEvent> {
  const texts = told.map(({ data }) => data);
  let response = last;
  let canBeginAnew = true;
  try {
    for await (const event of begin()) {
      const message = toMessage(event);
      texts.push(message.data);
      if (event.response) await keep(event.response, texts);
      else canBeginAnew = !isStream;
      response = event.response ?? response;
      yield message;
    }
  } catch (error) {
    if (!response) throw error;
    const failure = toRunError(error);
    if (failure.code === 'shutting-down' && canBeginAnew && (await giveBack())) return;
    const ended = toEndedResponse(response, failure);
    const event = { type: 'response.failed', sequence_number: texts.length, response: ended };
    const message = toMessage(event);
    const isFailed = ended.status === 'failed';
    await keep(ended, isFailed ? [...texts, message.data] : texts);
    if (isFailed) yield message;
  }
}
