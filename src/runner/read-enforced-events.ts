import type { RunEvent, RunFinish } from '../run.ts';
import { brokenStream, processEnded, toRetryError, toTurnError } from './failures.ts';
import type { ChatReading } from './read-chat-events.ts';
import type { CliLine, ResultLine } from './protocol.ts';
import { toFinish, toRunStart, toTokenUsage } from './to-run-event.ts';

/** Reasons to stop for which there is no object, and none will come. */
const WITHOUT_OBJECT: ReadonlySet<RunFinish> = new Set(['refusal', 'length', 'context-full']);

/**
 * A turn whose JSON the CLI enforces: the model answers through a tool of the CLI's, perhaps after
 * being told again, and the object stands in the CLI's result. It becomes the one text of the answer.
 */
export async function* readEnforcedEvents(
  lines: AsyncIterable<CliLine>,
  { model, interrupt }: ChatReading,
): AsyncIterable<RunEvent> {
  let hasStarted = false;

  for await (const line of lines) {
    if (line.type === 'result') {
      yield* toObjectEvents(line, model);
      return;
    }
    if (line.type === 'system') {
      const error = hasStarted ? brokenStream() : toRetryError(line);
      if (error) throw error;
    }
    if (line.type !== 'stream_event') continue;

    const { event } = line;
    if (event.type === 'message_start' && !hasStarted) {
      yield toRunStart(event, undefined);
      hasStarted = true;
    }
    const stopReason = event.type === 'message_delta' && event.delta.stop_reason;
    if (stopReason && WITHOUT_OBJECT.has(toFinish(stopReason))) {
      interrupt();
      yield toEnd(toFinish(stopReason), event.usage ?? {});
      return;
    }
  }
  throw processEnded('its output ended in the middle of a turn');
}

function* toObjectEvents(result: ResultLine, model: string): Iterable<RunEvent> {
  if (result.is_error || result.subtype !== 'success') throw toTurnError(result, { model });
  if (result.structured_output !== undefined) {
    yield { type: 'part-start', index: 0, part: { type: 'text' } };
    yield { type: 'part-delta', index: 0, delta: JSON.stringify(result.structured_output) };
    yield { type: 'part-end', index: 0 };
  }
  yield toEnd('stop', result.usage ?? {});
}

function toEnd(finish: RunFinish, usage: NonNullable<ResultLine['usage']>): RunEvent {
  return {
    type: 'run-end',
    finish,
    stopSequence: undefined,
    usage: toTokenUsage(usage),
    agent: undefined,
  };
}
