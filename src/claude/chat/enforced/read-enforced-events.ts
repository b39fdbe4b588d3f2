import type { RunEvent, RunFinish, RunProgress, RunStart, TokenUsage } from '../../../run.ts';
import { brokenStream, processEnded, toRetryError, toTurnError } from '../../process/failures.ts';
import type { ChatReading } from '../read-chat-events.ts';
import type { ApiEvent, CliLine, ResultLine } from '../../process/protocol.ts';
import {
  HEARD,
  toFinish,
  toPartEvent,
  toRunStart,
  toTokenUsage,
} from '../../process/to-run-event.ts';

/** Reasons to stop for which there is no object, and none will come. */
const WITHOUT_OBJECT: ReadonlySet<RunFinish> = new Set(['refusal', 'length', 'context-full']);

/** The tool that the CLI gives the model for its answer. */
const ANSWER_TOOL = 'StructuredOutput';

/**
 * A turn whose JSON the CLI enforces: the model answers through a tool of the CLI's, perhaps after
 * several tries, and the CLI's result contains the object, which becomes the only text of the answer.
 * When the model calls the caller's tools first, the turn ends with those calls.
 */
export async function* readEnforcedEvents(
  lines: AsyncIterable<CliLine>,
  { model, interrupt }: Omit<ChatReading, 'willAsk'>,
): AsyncIterable<RunEvent | RunProgress> {
  let start: RunStart | undefined;
  let calls = createCallCollector();

  for await (const line of lines) {
    if (line.type === 'result') {
      yield* toObjectEvents(line, model);
      return;
    }
    if (line.type === 'system' && line.subtype === 'api_retry') {
      const error = start ? brokenStream() : toRetryError(line);
      if (error) throw error;
    }
    if (line.type !== 'stream_event') {
      yield HEARD;
      continue;
    }

    const { event } = line;
    if (event.type === 'message_start') {
      if (!start) yield (start = toRunStart(event, undefined));
      calls = createCallCollector();
    }
    calls.add(event);
    const finish = readFinish(event);
    if (finish === 'tool-calls' && calls.events.length > 0) yield* calls.events;
    else if (!finish || !WITHOUT_OBJECT.has(finish)) {
      yield HEARD; // what the model writes for the CLI's own tool is not passed on
      continue;
    } else interrupt();
    const usage = event.type === 'message_delta' ? event.usage : undefined;
    yield toEnd(finish, toTokenUsage(usage ?? {}, start?.usage));
    return;
  }
  throw processEnded('its output ended in the middle of a turn');
}

/** Keeps the calls of the caller's tools, and nothing that stands beside them. */
function createCallCollector() {
  const places = new Map<number, number>();
  const events: RunEvent[] = [];
  return {
    events,
    add(event: ApiEvent) {
      if (!('index' in event)) return;
      if (event.type === 'content_block_start' && isCallersCall(event.content_block))
        places.set(event.index, places.size);
      const index = places.get(event.index);
      if (index !== undefined) events.push(toPartEvent({ ...event, index }));
    },
  };
}

function isCallersCall(block: { type: string; name?: string }) {
  return block.type === 'tool_use' && block.name !== ANSWER_TOOL;
}

function readFinish(event: ApiEvent): RunFinish | undefined {
  const stopReason = event.type === 'message_delta' && event.delta.stop_reason;
  return stopReason ? toFinish(stopReason) : undefined;
}

function* toObjectEvents(result: ResultLine, model: string): Iterable<RunEvent> {
  if (result.is_error || result.subtype !== 'success') throw toTurnError(result, { model });
  if (result.structured_output !== undefined) {
    yield { type: 'part-start', index: 0, part: { type: 'text' } };
    yield { type: 'part-delta', index: 0, delta: JSON.stringify(result.structured_output) };
    yield { type: 'part-end', index: 0 };
  }
  yield toEnd('stop', toTokenUsage(result.usage ?? {}));
}

function toEnd(finish: RunFinish, usage: TokenUsage): RunEvent {
  return { type: 'run-end', finish, stopSequence: undefined, usage, agent: undefined };
}
