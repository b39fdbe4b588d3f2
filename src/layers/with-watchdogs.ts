import type { Run, RunEvent, RunStep } from '../run.ts';
import { RunError } from '../run-error.ts';
import { isInputRequest } from '../run-input.ts';

/** The longest waits of a run, in milliseconds. */
export type WatchdogLimits = {
  /** Until the process is up and was asked; anew whenever it says something meanwhile. */
  start: number;
  /** From the question to the first event of the answer. */
  'first-byte': number;
  /** Behind the first event, without a line of the CLI. */
  silence: number;
};

type Wait = keyof WatchdogLimits;

const SENTENCES = {
  start: 'The claude CLI was not ready in the time that this server gives it (START_TIMEOUT_MS).',
  'first-byte':
    'The API did not begin its answer in the time that this server gives it (FIRST_BYTE_TIMEOUT_MS).',
  silence:
    'Nothing more of the answer came in the time that this server waits (SILENCE_TIMEOUT_MS).',
} as const satisfies Record<Wait, string>;

/**
 * Gives up a run that hangs: throws `start-timeout`, `first-byte-timeout` or `silence-timeout`. The time
 * in which an agent's tools work is not counted, nor that in which the reader has not asked for more.
 */
export function withWatchdogs(run: Run, limits: WatchdogLimits): Run {
  return async function* watched(request, signal) {
    const stuck = new AbortController();
    const watchdog = createWatchdog(limits, (error) => stuck.abort(error));
    const calls = createCallsAtWork();
    const events = run(request, AbortSignal.any([signal, stuck.signal]));
    watchdog.wake();
    try {
      for await (const event of events) {
        if (event.type === 'run-progress') {
          watchdog.notice(event.step);
          yield event;
          continue;
        }
        watchdog.rest();
        calls.add(event);
        yield event;
        if (calls.count() > 0) watchdog.rest();
        else watchdog.expectMore();
      }
    } catch (error) {
      // A process that is ended in the middle of its start has a complaint of its own.
      throw stuck.signal.aborted ? stuck.signal.reason : error;
    } finally {
      watchdog.rest();
    }
  };
}

function createWatchdog(limits: WatchdogLimits, bark: (error: RunError) => void) {
  let wait: Wait = 'start';
  let timer: NodeJS.Timeout | undefined;

  const rest = () => {
    clearTimeout(timer);
    timer = undefined;
  };
  const wake = () => {
    rest();
    timer = setTimeout(() => bark(toTimeout(wait)), limits[wait]);
  };
  return {
    wake,
    rest,
    notice(step: RunStep) {
      const isAsked = step === 'asked';
      if (isAsked) wait = 'first-byte';
      if (isAsked || (timer && step === 'heard' && wait !== 'first-byte')) wake();
    },
    expectMore() {
      wait = 'silence';
      wake();
    },
  };
}

/** An agent's tools say nothing while they work, and a build takes its time, as does who is asked for leave. */
function createCallsAtWork() {
  /** The calls that are still being written, by their place in the answer. */
  const written = new Map<number, string>();
  const atWork = new Set<string>();
  return {
    count: () => atWork.size,
    add(event: RunEvent) {
      if (isInputRequest(event)) atWork.add(event.id);
      if (event.type === 'input-settled') atWork.delete(event.id);
      if (event.type === 'part-start') {
        if (event.part.type === 'tool-call') written.set(event.index, event.part.id);
        if (event.part.type === 'tool-result') atWork.delete(event.part.callId);
      }
      const id = event.type === 'part-end' ? written.get(event.index) : undefined;
      if (id !== undefined) atWork.add(id);
    },
  };
}

function toTimeout(wait: Wait) {
  return new RunError(`${wait}-timeout`, SENTENCES[wait], { retryAfterSeconds: 2 });
}
