import { createDeadline } from '../common/deadline.ts';
import { RunError } from '../run-error.ts';
import type { RunClock } from './recorder.ts';

/** What a key's runs may have; what is left out is not limited. */
export type RunLimits = {
  /** Runs that go on or wait in the background. */
  backgroundRuns?: number | undefined;
  /** Runs that wait for an answer of their caller. */
  waitingRuns?: number | undefined;
  /** Longest time of a run; that in which it waits does not count. */
  secondsPerRun?: number | undefined;
};

export type LimitsOf = (keyId: string) => Promise<RunLimits>;

/** A run's clock that also stops at its key's limit, and says so. */
export function withKeyLimit(clock: RunClock, { secondsPerRun: seconds }: RunLimits) {
  const deadline = seconds === undefined ? undefined : createDeadline(seconds * 1000, clock.signal);
  return {
    signal: deadline?.signal ?? clock.signal,
    pause() {
      clock.pause();
      deadline?.pause();
    },
    resume() {
      clock.resume();
      deadline?.resume();
    },
    /** The error of a run whose time was up, in the place of what it threw. */
    toError: (error: unknown) =>
      deadline?.signal.aborted && !clock.signal.aborted && error === deadline.signal.reason
        ? new RunError('timeout', `A run of this key may take ${seconds} s, and has.`)
        : error,
    end: () => deadline?.end(),
  };
}
