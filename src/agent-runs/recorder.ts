import type { Deadline } from '../common/deadline.ts';
import type { Run, RunEnd, RunRequest, RunStart } from '../run.ts';
import { type RunError, toRunError } from '../run-error.ts';
import { createKeep, createPage, isStep } from './keep-event.ts';
import { createLiveRuns, type Ending } from './live-runs.ts';
import type { PendingInputs } from './pending-inputs.ts';
import { type LimitsOf, withKeyLimit } from './run-clock.ts';
import type { RunState, RunStore, StoredRun } from './run-store.ts';

/** A run that is to be kept. Its id is that of its request. */
export type NewRun = {
  request: RunRequest;
  /** What was asked for, as it came: a resumed run asks for it again. */
  body: Readonly<Record<string, unknown>>;
  isBackground: boolean;
  /** Whether it goes on whoever reads it. It does not begin then, when it cannot be put on record. Default: no. */
  isUnread?: boolean | undefined;
  /** Whether it is on record already, and waits for its turn since then. Default: no. */
  wasPutOff?: boolean | undefined;
  resumedFrom?: string | undefined;
  toAnswer: (start: RunStart, end: RunEnd) => object;
  toFailure: (error: RunError) => object;
};

export type RecorderOptions = {
  store: RunStore;
  /** Names the server that carries the runs out. */
  serverId: string;
  inputs: Pick<PendingInputs, 'ask' | 'settle' | 'isWaiting' | 'end'>;
  /** More than this, and a key's oldest ended runs make room. */
  maxBytesPerKey: number;
  limitsOf: LimitsOf;
  /** Milliseconds since 1970. */
  now: () => number;
  /** Told of what could not be put on record; the answer is worth more than that. */
  onProblem: (error: unknown) => void;
  /** Told of each new event, and whether the state is another one, or the run waits for more. */
  announce: (run: StoredRun & { hasChanged: boolean }) => void;
};

/** The time of a run, which stands still while it waits for its turn. */
export type RunClock = Pick<Deadline, 'signal' | 'pause' | 'resume'>;

/** How a run ends whose reader leaves before it does. */
const CUT_OFF = { state: 'cancelled', answer: undefined, failure: undefined } as const;

/** Carries runs out, and puts on record what happens in them. */
export function createRecorder({ onProblem, announce, limitsOf, ...options }: RecorderOptions) {
  const { store, inputs } = options;
  const attempt = toAttempt(onProblem);
  const tell = (id: string, hasChanged: boolean) => {
    const run = store.read(id);
    if (run) announce({ ...run, hasChanged });
  };
  const live = createLiveRuns({ ...options, attempt, tell });
  const keep = createKeep({ store, inputs, tell });

  const charge = (id: string, costUsd: number) => attempt(() => store.charge(id, costUsd));

  async function* record(run: Run, details: NewRun, given: RunClock): ReturnType<Run> {
    const { requestId: id, keyId } = details.request.caller;
    const stop = live.open(details);
    const page = createPage(store, id);
    let ending: Ending = CUT_OFF;
    let start: RunStart | undefined;
    let isQueued = details.wasPutOff ?? false;
    let clock = withKeyLimit(given, {});
    try {
      clock = withKeyLimit(given, await limitsOf(keyId));
      const signal = AbortSignal.any([clock.signal, stop.signal]);
      for await (const event of run(details.request, signal)) {
        if (isStep(event, 'queued')) isQueued = true;
        if (isStep(event, 'placed')) isQueued = false;
        if (event.type === 'run-start') start = event;
        if (event.type === 'run-end' && start) {
          ending = { state: 'done', answer: details.toAnswer(start, event), failure: undefined };
        }
        attempt(() => keep({ id, keyId }, event, page));
        if (isQueued || inputs.isWaiting(id)) clock.pause();
        else clock.resume();
        yield event;
      }
    } catch (error) {
      const reason = clock.toError(error);
      const failed = toEnding(toRunError(reason), isQueued, details);
      ending = failed;
      if (failed !== 'put off') attempt(() => page.add({ type: 'error', ...failed.failure }));
      throw reason;
    } finally {
      clock.end();
      live.close(id, keyId, ending);
    }
  }

  return { record, charge, isLive: live.has, cancel: live.cancel, endAll: live.endAll };
}

/** What must not spoil the answer. */
function toAttempt(onProblem: RecorderOptions['onProblem']) {
  return (work: () => void) => {
    try {
      work();
    } catch (error) {
      onProblem(error);
    }
  };
}

function toEnding(reason: RunError, isQueued: boolean, details: NewRun): Ending {
  if (isQueued && details.isBackground && reason.code === 'shutting-down') return 'put off';
  return { state: toEndState(reason), answer: undefined, failure: details.toFailure(reason) };
}

function toEndState({ code }: RunError): RunState {
  if (code === 'cancelled') return 'cancelled';
  return code === 'shutting-down' ? 'interrupted' : 'failed';
}
