import type { NumberedEvent } from '../../dialects/openai-responses/to-messages.ts';
import {
  isEnded,
  type Response,
  toEndedResponse,
} from '../../dialects/openai-responses/to-response.ts';
import { toRunError } from '../../run-error.ts';

/**
 * Passes a response's events on, and hands over the response as soon as its last state is known, before
 * its last event goes out: the caller may continue it at once. One that failed counts, one whose caller
 * left does not.
 */
export async function* recordEvents(
  events: AsyncIterable<NumberedEvent>,
  onEnd: (response: Response) => Promise<void>,
): AsyncIterable<NumberedEvent> {
  let last: Response | undefined;
  try {
    for await (const event of events) {
      last = event.response ?? last;
      if (last && isEnded(last)) await onEnd(last);
      yield event;
    }
  } catch (error) {
    const failure = toRunError(error);
    if (last && failure.code !== 'cancelled') await onEnd(toEndedResponse(last, failure));
    throw error;
  }
}
