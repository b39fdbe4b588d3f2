import type { Variables } from '../../http/variables.ts';
import type { StreamedEvent } from '../../responses/background-runs.ts';
import { RunError } from '../../run-error.ts';
import type { ResponseParts } from './response-parts.ts';

/**
 * The events of a background response behind the one with this number: those that come while it runs,
 * or those that are kept. Throws `not-found`, and `invalid-request` when none were kept.
 */
export async function* followResponse(
  { book, background }: ResponseParts,
  id: string,
  { caller, signal }: Pick<Variables, 'caller' | 'signal'>,
  after: number,
): AsyncIterable<StreamedEvent> {
  await book.get(id, caller.keyId);
  const live = await background.follow(id, after, signal);
  const { events } = await book.get(id, caller.keyId);
  yield* live ?? events.slice(after + 1).map(toStreamed);
}

function toStreamed(data: string): StreamedEvent {
  const { type } = JSON.parse(data) as { type: string }; // the dialect's own text
  return { event: type, data };
}

/** Throws `invalid-request` for a response that cannot be streamed. */
export async function checkStreamable(
  { book, background }: ResponseParts,
  id: string,
  { caller, signal }: Pick<Variables, 'caller' | 'signal'>,
): Promise<void> {
  const { events } = await book.get(id, caller.keyId);
  if (events.length > 0 || (await background.follow(id, -1, signal))) return;
  throw new RunError(
    'invalid-request',
    'Only a response that was made with background and stream can be streamed later.',
    { param: 'stream' },
  );
}
