import type { RunEvent, RunProgress, RunStart } from '../../run.ts';
import { brokenStream, processEnded, toRetryError, toTurnError } from '../process/failures.ts';
import type { ApiEvent, CliLine } from '../process/protocol.ts';
import { HEARD, toFinish, toPartEvent, toRunStart, toTokenUsage } from '../process/to-run-event.ts';

type MessageDelta = Extract<ApiEvent, { type: 'message_delta' }>;

export type ChatReading = {
  /** The model that was asked for, named when the API does not know it. */
  model: string;
  /** Called when the answer is complete but the CLI, being an agent, would go on by itself. */
  interrupt: () => void;
  /** Whether the CLI will ask for the results of every call that the message holds so far. */
  willAsk: () => boolean;
};

/**
 * One turn of the CLI as the events of ONE API message: a chat answer ends at its first
 * `message_stop`. Throws `RunError` in every way in which the CLI or the API can fail.
 */
export async function* readChatEvents(
  lines: AsyncIterable<CliLine>,
  { model, interrupt, willAsk }: ChatReading,
): AsyncIterable<RunEvent | RunProgress> {
  // The start is held back until a part follows, so that a broken attempt before that can be forgotten.
  let start: RunStart | undefined;
  let isOut = false;
  let hasText = false;
  let hasRetried = false;
  let hasAnswered = false;
  let last: MessageDelta | undefined;

  for await (const line of lines) {
    if (line.type === 'result') {
      const hasReason = line.is_error && (!isOut || line.api_error_status != null);
      throw hasReason ? toTurnError(line, { model, hasRetried }) : brokenStream();
    }
    if (line.type === 'system' && line.subtype === 'api_retry') {
      if (isOut) throw brokenStream();
      hasRetried = true;
      const error = toRetryError(line);
      if (error) throw error;
    }
    // The CLI answers some calls by itself, before the message is over; the others still have to come.
    if (line.type === 'user') hasAnswered ||= isOut;
    if (line.type !== 'stream_event') {
      yield HEARD;
      continue;
    }

    const { event } = line;
    if (event.type === 'message_start') {
      if (isOut) throw brokenStream();
      start = toRunStart(event, undefined);
      yield HEARD;
      continue;
    }
    // The CLI closes a broken message without a stop reason; the next lines say what happened.
    if (isBrokenOff(event, last)) continue;
    if (start && !isOut) yield start;
    isOut = true;
    if (event.type === 'message_delta') {
      last = event;
      const isWaiting = event.delta.stop_reason === 'tool_use' && !hasAnswered && willAsk();
      if (!isWaiting && wouldGoOn(event.delta.stop_reason, hasText)) interrupt();
    } else if (event.type === 'message_stop') {
      yield toChatEnd(start, last);
      return;
    } else {
      yield toPartEvent(event);
      hasText ||= isText(event);
    }
  }
  throw processEnded('its output ended in the middle of a turn');
}

/** Unless it waits for a tool, the CLI goes on by itself after any message without visible text. */
function wouldGoOn(stopReason: string | null | undefined, hasText: boolean) {
  return !(hasText && (stopReason === 'end_turn' || stopReason === 'stop_sequence'));
}

function isText(event: ApiEvent) {
  return (
    event.type === 'content_block_delta' &&
    event.delta.type === 'text_delta' &&
    event.delta.text !== ''
  );
}

function isBrokenOff(event: ApiEvent, last: MessageDelta | undefined) {
  if (event.type === 'message_delta') return !event.delta.stop_reason;
  return event.type === 'message_stop' && !last;
}

function toChatEnd(start: RunStart | undefined, last: MessageDelta | undefined): RunEvent {
  return {
    type: 'run-end',
    finish: toFinish(last?.delta.stop_reason ?? 'end_turn'),
    stopSequence: last?.delta.stop_sequence ?? undefined,
    usage: toTokenUsage(last?.usage ?? {}, start?.usage),
    agent: undefined,
  };
}
