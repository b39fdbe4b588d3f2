import { randomUUID } from 'node:crypto';

import type { Deadline } from '../common/deadline.ts';
import type { Run, RunEnd, RunRequest, RunStart } from '../run.ts';
import { type RunError, toRunError } from '../run-error.ts';
import type { PatientWrites } from '../state/patient-writes.ts';
import { createKeep, isStep, type KeepParts } from './keep-event.ts';
import { createLiveRuns, type Ending } from './live-runs.ts';
import type { PendingInputs } from './pending-inputs.ts';
import { type LimitsOf, withKeyLimit } from './run-clock.ts';
import type { RunState, RunStore } from './run-store.ts';

/** A run that is to be kept. Its id is that of its request. */
export type NewRun = {
  request: RunRequest;
  /** What was asked for, as it came: a resumed run asks for it again. */
  body: Readonly<Record<string, unknown>>;
  isBackground: boolean;
  /** Whether it goes on whoever reads it. It does not begin then, when it cannot be put on record. Default: no. */
  isUnread?: boolean | undefined;
  /** With so many such runs of its key that have not ended, it does not begin. Default: any number. */
  mostUnread?: number | undefined;
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
  inputs: Pick<PendingInputs, 'ask' | 'settle' | 'isWaiting' | 'ofRun' | 'end'>;
  /** What cannot be put on record spoils no answer. */
  writes: PatientWrites;
  /** More than this, and a key's oldest ended runs make room. */
  maxBytesPerKey: number;
  limitsOf: LimitsOf;
  /** Milliseconds since 1970. */
  now: () => number;
  /** Told of a run that has new events, or has ended. */
  tellNews: (id: string) => void;
} & Pick<KeepParts, 'tellChange'>;

/** The time of a run, which stands still while it waits for its turn. */
export type RunClock = Pick<Deadline, 'signal' | 'pause' | 'resume'>;

/** How a run ends whose reader leaves before it does. */
const CUT_OFF = { state: 'cancelled', answer: undefined, failure: undefined } as const;

/** Carries runs out, and puts on record what happens in them. */
export function createRecorder({ limitsOf, ...options }: RecorderOptions) {
  const { store, inputs, writes } = options;
  const live = createLiveRuns(options);
  const keep = createKeep(options);

  const charge = async (id: string, costUsd: number) => {
    const chargeId = randomUUID();
    await writes.write(() => store.charge(id, costUsd, chargeId));
  };

  async function* record(run: Run, details: NewRun, given: RunClock): ReturnType<Run> {
    const { requestId: id, keyId } = details.request.caller;
    const self = await live.open(details);
    let ending: Ending = CUT_OFF;
    let start: RunStart | undefined;
    let isQueued = details.wasPutOff ?? false;
    let clock = withKeyLimit(given, {});
    try {
      clock = withKeyLimit(given, await limitsOf(keyId));
      const signal = AbortSignal.any([clock.signal, self.stop.signal]);
      signal.throwIfAborted();
      for await (const event of run(details.request, signal)) {
        if (isStep(event, 'queued')) isQueued = true;
        if (isStep(event, 'placed')) isQueued = false;
        if (event.type === 'run-start') start = event;
        if (event.type === 'run-end' && start) {
          ending = { state: 'done', answer: details.toAnswer(start, event), failure: undefined };
        }
        const isLookedFor = keep(self, event);
        if (isQueued || inputs.isWaiting(id)) clock.pause();
        else clock.resume();
        if (isLookedFor) {
          await self.line.flushed();
          signal.throwIfAborted();
        }
        yield event;
      }
    } catch (error) {
      const reason = clock.toError(error);
      const failed = toEnding(toRunError(reason), isQueued, details);
      ending = failed;
      if (failed !== 'put off') self.page.addLast({ type: 'error', ...failed.failure });
      throw reason;
    } finally {
      clock.end();
      await live.close(self, ending);
    }
  }

  return { record, charge, isLive: live.has, cancel: live.cancel, endAll: live.endAll };
}

function toEnding(reason: RunError, isQueued: boolean, details: NewRun): Ending {
  if (isQueued && details.isBackground && reason.code === 'shutting-down') return 'put off';
  return { state: toEndState(reason), answer: undefined, failure: details.toFailure(reason) };
}

function toEndState({ code }: RunError): RunState {
  if (code === 'cancelled') return 'cancelled';
  return code === 'shutting-down' ? 'interrupted' : 'failed';
}
