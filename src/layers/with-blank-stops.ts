import type { Run, RunEvent, RunStart } from '../run.ts';

/**
 * Stop sequences of blanks only ("\n\n") are refused by the API and usual with OpenAI's clients, so
 * they are watched for here: the text ends before the first one. The others go to the API, and empty
 * ones, which it refuses too, nowhere.
 */
export function withBlankStops(run: Run): Run {
  return (request, signal) => {
    const stops = request.sampling.stop ?? [];
    const others = stops.filter((stop) => stop.trim() !== '');
    const sampling = { ...request.sampling, stop: others.length > 0 ? others : undefined };
    const events = run({ ...request, sampling }, signal);
    const blank = stops.filter((stop) => stop !== '' && stop.trim() === '');
    return blank.length > 0 ? cutAtStops(events, blank) : events;
  };
}

async function* cutAtStops(events: ReturnType<Run>, stops: readonly string[]): ReturnType<Run> {
  let start: RunStart | undefined;
  let textIndex: number | undefined;
  /** Text that may be the beginning of a stop sequence. */
  let held = '';

  for await (const event of events) {
    if (event.type === 'run-start') start = event;
    if (event.type === 'part-start')
      textIndex = event.part.type === 'text' ? event.index : undefined;
    const isText = 'index' in event && event.index === textIndex;
    if (isText && event.type === 'part-delta') {
      held += event.delta;
      const found = findFirst(held, stops);
      if (found) {
        yield* toDelta(event.index, held.slice(0, found.at));
        yield { type: 'part-end', index: event.index };
        yield toStopped(found.stop, start);
        return;
      }
      const safe = held.length - toOpenEnd(held, stops);
      yield* toDelta(event.index, held.slice(0, safe));
      held = held.slice(safe);
    } else {
      if (isText && event.type === 'part-end') {
        yield* toDelta(event.index, held);
        held = '';
      }
      yield event;
    }
  }
}

/** The one that is complete first, so that the pieces in which the text comes make no difference. */
function findFirst(text: string, stops: readonly string[]) {
  return stops
    .map((stop) => ({ stop, at: text.indexOf(stop), end: text.indexOf(stop) + stop.length }))
    .filter(({ at }) => at !== -1)
    .toSorted((one, other) => one.end - other.end || one.at - other.at)[0];
}

/** How many characters at the end may begin a stop sequence. */
function toOpenEnd(text: string, stops: readonly string[]) {
  const longest = Math.max(...stops.map((stop) => stop.length)) - 1;
  for (let length = Math.min(longest, text.length); length > 0; length -= 1) {
    const end = text.slice(-length);
    if (stops.some((stop) => stop.startsWith(end))) return length;
  }
  return 0;
}

function* toDelta(index: number, delta: string): Iterable<RunEvent> {
  if (delta !== '') yield { type: 'part-delta', index, delta };
}

/** The API has not counted yet; what it said at the start is all that is known. */
function toStopped(stopSequence: string, start: RunStart | undefined): RunEvent {
  const none = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: undefined };
  return {
    type: 'run-end',
    finish: 'stop-sequence',
    stopSequence,
    usage: start?.usage ?? none,
    agent: undefined,
  };
}
