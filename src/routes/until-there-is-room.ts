import { setTimeout as delay } from 'node:timers/promises';

import { type RunErrorCode, toRunError } from '../run-error.ts';
import type { Run } from '../run.ts';

/** These pass by themselves. */
const PASSING: ReadonlySet<RunErrorCode> = new Set(['rate-limited', 'queue-full', 'queue-timeout']);

const USUAL_WAIT_MS = 2000;
const LONGEST_WAIT_MS = 60_000;

/** Begins a run that was promised, but not before there is room for it: the queue may be full, or a limit of its key. */
export function untilThereIsRoom(run: Run): Run {
  return async function* promised(request, signal) {
    for (;;) {
      let hasBegun = false;
      try {
        for await (const event of run(request, signal)) {
          hasBegun ||= event.type !== 'run-progress';
          yield event;
        }
        return;
      } catch (error) {
        const { code, retryAfterSeconds } = toRunError(error);
        if (hasBegun || signal.aborted || !PASSING.has(code)) throw error;
        yield { type: 'run-progress', step: 'queued' };
        const waitMs = retryAfterSeconds === undefined ? USUAL_WAIT_MS : retryAfterSeconds * 1000;
        await delay(Math.min(waitMs, LONGEST_WAIT_MS), undefined, { ref: false, signal }).catch(
          () => signal.throwIfAborted(),
        );
      }
    }
  };
}
