import type { SseMessage } from '../../dialects/dialect.ts';
import {
  isEnded,
  type Response,
  toEndedResponse,
} from '../../dialects/openai-responses/to-response.ts';
import { toRunError } from '../../run-error.ts';

const WITH_RESPONSE: ReadonlySet<string | undefined> = new Set([
  'response.created',
  'response.queued',
  'response.in_progress',
  'response.completed',
  'response.incomplete',
]);

/** The response that an event carries, if it does. */
export function readResponse({ event, data }: SseMessage): Response | undefined {
  if (!WITH_RESPONSE.has(event)) return undefined;
  const { response } = JSON.parse(data) as { response: Response }; // the dialect's own text
  return response;
}

/**
 * Passes a response's events on, and hands over the response as soon as its last state is known, before
 * its last event goes out: the caller may continue it at once. One that failed counts, one whose caller
 * left does not.
 */
export async function* recordMessages(
  messages: AsyncIterable<SseMessage>,
  onEnd: (response: Response) => Promise<void>,
): AsyncIterable<SseMessage> {
  let last: Response | undefined;
  try {
    for await (const message of messages) {
      last = readResponse(message) ?? last;
      if (last && isEnded(last)) await onEnd(last);
      yield message;
    }
  } catch (error) {
    const failure = toRunError(error);
    if (last && failure.code !== 'cancelled') await onEnd(toEndedResponse(last, failure));
    throw error;
  }
}
