import { createDeadline } from '../deadline.ts';
import type { Run, RunEvent } from '../run.ts';
import type { NewRun, RunClock } from './recorder.ts';
import type { StoredEvent } from './run-store.ts';

export type UnreadRunsOptions = {
  record: (run: Run, details: NewRun, clock: RunClock) => ReturnType<Run>;
  /** All events of a run, those that come among them. */
  follow: (id: string, keyId: string, signal: AbortSignal) => AsyncIterable<StoredEvent>;
  /** Longest time of a run, in milliseconds; that in which it waits does not count. */
  timeoutMs: number;
};

/** Carries out runs that go on whoever reads them. */
export function createUnreadRuns({ record, follow, timeoutMs }: UnreadRunsOptions) {
  /** `begun` when it has said something. Both fail as the run does. */
  const drain = (run: Run, details: NewRun) => {
    const begun = Promise.withResolvers<void>();
    const deadline = createDeadline(timeoutMs, new AbortController().signal);
    const readAll = async () => {
      for await (const _ of record(run, details, deadline)) begun.resolve();
    };
    const over = readAll().finally(deadline.end);
    over.then(begun.resolve, begun.reject);
    return { begun: begun.promise, over };
  };

  return {
    /** Resolves when the run waits for its turn, or has said something. */
    start: (run: Run, details: NewRun) => drain(run, details).begun,
    /** The events of the run, which goes on when its reader leaves. */
    async *outlive(run: Run, details: NewRun, signal: AbortSignal): ReturnType<Run> {
      const { requestId, keyId } = details.request.caller;
      const { begun, over } = drain(run, details);
      await begun;
      for await (const { type, data } of follow(requestId, keyId, signal)) {
        if (type === 'error') break;
        yield JSON.parse(data) as RunEvent; // as the recorder wrote it
      }
      signal.throwIfAborted();
      await over;
    },
  };
}
