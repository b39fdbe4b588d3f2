import type { RunEvent, RunStart } from '../../run.ts';
import { RunError } from '../../run-error.ts';
import { brokenStream } from '../process/failures.ts';
import type { ApiEvent, CliLine } from '../process/protocol.ts';
import { toPartEvent, toRunStart } from '../process/to-run-event.ts';
import { toResultEvents } from './to-side-events.ts';

type UserLine = Extract<CliLine, { type: 'user' }>;

/** Reads the agent's own messages and its tools' results into parts, after the start of the run. */
export function createMessageReader(startFields: Pick<RunStart, 'sessionId' | 'promptId'>) {
  let hasStarted = false;
  let isInMessage = false;
  let hasStopReason = false;
  let parts = 0;
  let offset = 0;
  let open: number | undefined;

  const checkWhole = () => {
    if (isInMessage) throw brokenStream();
  };

  return {
    hasStarted: () => hasStarted,
    /** Throws when a message broke off that the CLI is about to repeat. */
    checkWhole,
    /** Ends the message where it is. Throws `cancelled` when there was none yet. */
    *cut(): Iterable<RunEvent> {
      if (!hasStarted) {
        throw new RunError('cancelled', 'The run was interrupted before the agent said anything.');
      }
      isInMessage = false;
      if (open === undefined) return;
      yield { type: 'part-end', index: open };
      open = undefined;
      parts += 1;
    },
    *read(event: ApiEvent): Iterable<RunEvent> {
      if (event.type === 'message_start') {
        checkWhole();
        if (!hasStarted) yield { ...toRunStart(event, undefined), ...startFields };
        hasStarted = true;
        hasStopReason = false;
        offset = parts;
      } else if (event.type === 'message_delta') hasStopReason = Boolean(event.delta.stop_reason);
      // The CLI closes a message that broke off, without a stop reason, and repeats it as a whole.
      else if (event.type === 'message_stop') isInMessage &&= !hasStopReason;
      else {
        isInMessage = true;
        yield toPartEvent(event, offset);
        open = event.type === 'content_block_stop' ? undefined : event.index + offset;
        if (event.type === 'content_block_stop') parts += 1;
      }
    },
    *readResults(line: UserLine): Iterable<RunEvent> {
      if (!hasStarted) return;
      for (const event of toResultEvents(line.message.content, parts)) {
        yield event;
        if (event.type === 'part-end') parts += 1;
      }
    },
  };
}
