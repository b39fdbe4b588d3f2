import type { RunEvent } from '../../run.ts';
import type { SseMessage } from '../dialect.ts';

/** The canonical events as they are, each named by its type, and numbered as they are kept. */
export async function* toMessages(events: AsyncIterable<RunEvent>): AsyncIterable<SseMessage> {
  let id = 0;
  for await (const event of events) {
    id += 1;
    yield { id: String(id), event: event.type, data: JSON.stringify(event) };
  }
}
