import { createDeadline } from '../common/deadline.ts';
import type { Run, RunEvent } from '../run.ts';
import type { NewRun, RunClock } from './recorder.ts';
import type { FollowRun } from './follow-events.ts';
import type { LimitsOf } from './run-clock.ts';

export type UnreadRunsOptions = {
  record: (run: Run, details: NewRun, clock: RunClock) => ReturnType<Run>;
  follow: FollowRun;
  limitsOf: LimitsOf;
  /** Runs of one key that may go on or wait in the background. */
  maxBackgroundPerKey: number;
  /** Longest time of a run, in milliseconds; that in which it waits does not count. */
  backgroundTimeoutMs: number;
};

/** Carries out runs that go on whoever reads them. */
export function createUnreadRuns(options: UnreadRunsOptions) {
  const { record, follow, limitsOf, maxBackgroundPerKey, backgroundTimeoutMs } = options;

  /** `begun` when it has said something. Both fail as the run does. */
  const drain = (run: Run, details: NewRun) => {
    const begun = Promise.withResolvers<void>();
    const deadline = createDeadline(backgroundTimeoutMs, new AbortController().signal);
    const readAll = async () => {
      for await (const _ of record(run, { ...details, isUnread: true }, deadline)) begun.resolve();
    };
    const over = readAll().finally(deadline.end);
    over.then(begun.resolve, begun.reject);
    return { begun: begun.promise, over };
  };

  /** Begins a run where its key has room for one more. */
  const begin = async (run: Run, details: NewRun) => {
    const { backgroundRuns = Infinity } = await limitsOf(details.request.caller.keyId);
    const mostUnread = Math.min(maxBackgroundPerKey, backgroundRuns);
    return drain(run, { ...details, mostUnread });
  };

  async function* outlive(run: Run, details: NewRun, signal: AbortSignal): ReturnType<Run> {
    const { requestId, keyId } = details.request.caller;
    const { begun, over } = await begin(run, details);
    await begun;
    for await (const { type, data } of follow(requestId, keyId, 0, signal)) {
      if (type === 'error') break;
      yield JSON.parse(data) as RunEvent; // as the recorder wrote it
    }
    signal.throwIfAborted();
    await over;
  }

  return {
    /** Resolves when the run waits for its turn, or has said something. Throws `queue-full`. */
    start: async (run: Run, details: NewRun): Promise<void> => {
      const { begun } = await begin(run, details);
      await begun;
    },
    /** The events of the run, which goes on when its reader leaves. Throws `queue-full`. */
    outlive,
  };
}
