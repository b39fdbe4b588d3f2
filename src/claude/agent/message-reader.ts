import type { RunEvent, RunStart } from '../../run.ts';
import { RunError } from '../../run-error.ts';
import { brokenStream } from '../process/failures.ts';
import type { ApiEvent, CliLine } from '../process/protocol.ts';
import { toPartEvent, toRunStart } from '../process/to-run-event.ts';
import { toResultEvents } from './to-side-events.ts';

type UserLine = Extract<CliLine, { type: 'user' }>;

/** Makes the start of the run, and the parts of the agent's own messages and of the results that its tools bring. */
export function createMessageReader(told: Pick<RunStart, 'sessionId' | 'promptId'>) {
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
    /** Throws when a message broke off and is to be said again. */
    checkWhole,
    /** The message ends where it is. Throws `cancelled` when nothing was said at all. */
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
        if (!hasStarted) yield { ...toRunStart(event, undefined), ...told };
        hasStarted = true;
        hasStopReason = false;
        offset = parts;
      } else if (event.type === 'message_delta') hasStopReason = Boolean(event.delta.stop_reason);
      // The CLI closes what broke off, without a stop reason, and says it all again.
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
