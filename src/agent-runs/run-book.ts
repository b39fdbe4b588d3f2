import type { Steering } from '../backend.ts';
import type { Run, RunRequest } from '../run.ts';
import { RunError } from '../run-error.ts';
import type { InputAnswer } from '../run-input.ts';
import { within } from '../within.ts';
import { createAnnouncements } from './announcements.ts';
import { followEvents } from './follow-events.ts';
import type { StoredInput } from './input-store.ts';
import { createPendingInputs, type InputOptions } from './pending-inputs.ts';
import { createRecorder, type NewRun, type RunClock } from './recorder.ts';
import {
  isEnded,
  type RunFilter,
  type RunState,
  type RunStore,
  type StoredEvent,
  type StoredRun,
} from './run-store.ts';
import { type RunTask, toTasks } from './to-tasks.ts';
import { createUnreadRuns } from './unread-runs.ts';

export type RunBookOptions = {
  store: RunStore;
  /** An ended run this old, in milliseconds, is gone. */
  ttlMs: number;
  /** More than this, and a key's oldest ended runs make room. */
  maxBytesPerKey: number;
  /** Runs of one key that may go on or wait in the background. */
  maxBackgroundPerKey: number;
  /** Longest time of a run that its caller does not wait for, in milliseconds. */
  backgroundTimeoutMs: number;
  /** How runs are spoken to, and what they wait for is answered. */
  inputs: InputOptions;
  /** Throws when the key may not have a run begin with this request. */
  checkRequest: (request: RunRequest) => Promise<void>;
  /** Told of failures that must not spoil an answer: it is paid for. Default: nobody. */
  onProblem?: (error: unknown) => void;
  /** Milliseconds since 1970. Default: the system's clock. */
  now?: () => number;
};

/** A change of state, for those who watch all runs of a key. */
type RunChange = { runId: string; sessionId: string | undefined; state: RunState };

export type RunBook = {
  /** Carries a run out, on record; it ends when its reader does. */
  record: (run: Run, details: NewRun, clock: RunClock) => ReturnType<Run>;
  /** The same, but the run goes on when its reader leaves. */
  outlive: (run: Run, details: NewRun, signal: AbortSignal) => ReturnType<Run>;
  /**
   * Lets a run go on without its caller, who must be its only one to start it. Resolves when it waits for
   * its turn. Throws what the run throws before that, and `queue-full`.
   */
  start: (run: Run, details: NewRun) => Promise<void>;
  /** Runs that waited for their turn when an earlier server ended, to be started anew; told once. */
  takePutOff: () => readonly StoredRun[];
  /** Throws `not-found`, for another key's run as for none. */
  get: (id: string, keyId: string) => StoredRun;
  list: (keyId: string, filter: RunFilter) => readonly StoredRun[];
  /** The events behind the one with this id: those that are kept, then those that come. */
  follow: (
    id: string,
    keyId: string,
    after: number,
    signal: AbortSignal,
  ) => AsyncIterable<StoredEvent>;
  /** The changes of state of a key's runs, from here on. */
  watch: (keyId: string, signal: AbortSignal) => AsyncIterable<RunChange>;
  /**
   * Tells a run what it waits for. Throws `not-found` for another key's run as for none, `conflict` for all
   * but the first answer, and `forbidden` for what the key may not allow.
   */
  answer: (id: string, keyId: string, inputId: string, answer: InputAnswer) => Promise<StoredInput>;
  getInput: (id: string, keyId: string, inputId: string) => StoredInput;
  /** What the runs of a key wait for, the oldest first. */
  listInputs: (keyId: string) => readonly StoredInput[];
  /** What a run began in the background, and what became of that. */
  listTasks: (id: string, keyId: string) => readonly RunTask[];
  /** What speaks to a run. Throws `conflict` for one that has ended. */
  steer: (id: string, keyId: string) => Steering;
  checkRequest: RunBookOptions['checkRequest'];
  /** Ends a run and resolves when it has ended; one that had ended stays as it is. */
  cancel: (id: string, keyId: string) => Promise<StoredRun>;
  /** Removes an ended run with its events. Throws `conflict` for one that goes on. */
  remove: (id: string, keyId: string) => void;
  removeExpired: () => void;
  /** Ends all for this reason, and closes the file. */
  close: (reason: unknown) => Promise<void>;
};

/** Time for runs that are cut off to be put on record, in milliseconds. */
const LAST_WORDS_MS = 2000;

/** Makes the book of all runs of agents: who owns which, what happened in it, and how it ended. */
export function createRunBook(options: RunBookOptions): RunBook {
  const { store, onProblem = () => {}, now = Date.now } = options;
  const news = createAnnouncements<string>();
  const changes = createAnnouncements<string, RunChange>();
  store.interruptUnfinished(now());
  let putOff = store.listPutOff();

  const get: RunBook['get'] = (id, keyId) => {
    const run = store.read(id);
    if (run?.keyId === keyId) return run;
    throw new RunError('not-found', 'There is no run with this id.', { param: 'id' });
  };

  const inputs = createPendingInputs({ ...options.inputs, store: store.inputs, now, onProblem });
  const recorder = createRecorder({
    store,
    inputs,
    maxBytesPerKey: options.maxBytesPerKey,
    now,
    onProblem,
    announce(run) {
      if (run.hasChanged) changes.announce(run.keyId, toChange(run));
      news.announce(run.id);
    },
  });

  const follow: RunBook['follow'] = (id, keyId, after, signal) => {
    get(id, keyId);
    const hasEnded = () => !recorder.find(id);
    return followEvents({ store, news, hasEnded }, id, after, signal);
  };
  const unread = createUnreadRuns({
    record: recorder.record,
    follow: (id, keyId, signal) => follow(id, keyId, 0, signal),
    timeoutMs: options.backgroundTimeoutMs,
  });

  return {
    record: recorder.record,
    get,
    async start(run, details) {
      const { keyId, requestId } = details.request.caller;
      const isFull = store.countWaiting(keyId) >= options.maxBackgroundPerKey;
      if (isFull && !store.read(requestId)) {
        throw new RunError(
          'queue-full',
          'Too many runs of this key wait in the background already.',
        );
      }
      await unread.start(run, details);
    },
    outlive: (run, details, signal) => unread.outlive(run, details, signal),
    takePutOff() {
      const taken = putOff;
      putOff = [];
      return taken;
    },
    list: store.list,
    follow,
    answer: async (id, keyId, inputId, answer) => inputs.answer(get(id, keyId), inputId, answer),
    getInput: (id, keyId, inputId) => inputs.get(get(id, keyId), inputId),
    listInputs: inputs.list,
    checkRequest: options.checkRequest,
    listTasks(id, keyId) {
      get(id, keyId);
      return toTasks(store.listEventsOf(id, 'task'));
    },
    steer(id, keyId) {
      if (isEnded(get(id, keyId))) {
        throw new RunError('conflict', 'The run has ended.', { param: 'id' });
      }
      return options.inputs.steering;
    },
    watch: (keyId, signal) => changes.follow(keyId, signal),
    async cancel(id, keyId) {
      get(id, keyId);
      const running = recorder.find(id);
      running?.stop.abort(new RunError('cancelled', 'The run was cancelled.'));
      await running?.over.promise;
      return get(id, keyId);
    },
    remove(id, keyId) {
      if (!isEnded(get(id, keyId))) {
        throw new RunError('conflict', 'The run goes on; cancel it first.', { param: 'id' });
      }
      store.remove(id);
    },
    removeExpired: () => store.removeEndedUntil(now() - options.ttlMs),
    async close(reason) {
      const all = recorder.all();
      for (const { stop } of all) stop.abort(reason);
      await within(Promise.all(all.map(({ over }) => over.promise)), LAST_WORDS_MS);
      inputs.close();
      store.close();
    },
  };
}

function toChange({ id, sessionId, state }: StoredRun): RunChange {
  return { runId: id, sessionId, state };
}
