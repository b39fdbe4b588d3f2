import type { RunEvent } from '../../run.ts';
import type { SseMessage } from '../dialect.ts';

/** The canonical events as they are, each named by its type. */
export async function* toMessages(events: AsyncIterable<RunEvent>): AsyncIterable<SseMessage> {
  for await (const event of events) yield { event: event.type, data: JSON.stringify(event) };
}
