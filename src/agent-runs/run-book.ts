import type { Run, RunRequest } from '../run.ts';
import { toRunError } from '../run-error.ts';
import type { InputAnswer } from '../run-input.ts';
import { createPatientWrites, type PatientWrites } from '../state/patient-writes.ts';
import type { Webhook, Webhooks } from '../webhooks/create-webhooks.ts';
import type { CheckAnswer } from './asked-inputs.ts';
import { followEvents, type Following, type FollowRun } from './follow-events.ts';
import type { StoredInput } from './input-store.ts';
import { type BeginRun, createLeftRuns, type LeftRunsOptions } from './left-runs.ts';
import { createOwnedRuns, type OwnedRuns } from './owned-runs.ts';
import { createPendingInputs, type InputOptions } from './pending-inputs.ts';
import { createRecorder, type NewRun, type RunClock } from './recorder.ts';
import type { LimitsOf } from './run-clock.ts';
import { createRunNews, type RunChange } from './run-news.ts';
import { createReach, type RunPeers } from './run-peers.ts';
import { isEnded, type RunStore, type StoredRun } from './run-store.ts';
import { createUnreadRuns } from './unread-runs.ts';

export type RunBookOptions = {
  store: RunStore;
  /** This server, and which others live that work on the store. Default: it is alone. */
  server?: LeftRunsOptions['server'];
  /** The others, if there are several whose runs are reached from each of them. Default: nobody is asked. */
  peers?: RunPeers | undefined;
  /** An ended run this old, in milliseconds, is gone. */
  ttlMs: number;
  /** More than this, and a key's oldest ended runs make room. */
  maxBytesPerKey: number;
  /** Runs of one key that may go on or wait in the background. */
  maxBackgroundPerKey: number;
  /** Longest time of a run that its caller does not wait for, in milliseconds. */
  backgroundTimeoutMs: number;
  /** What the runs of a key may have. Default: all alike. */
  limitsOf?: LimitsOf;
  /** How runs are spoken to, and what they wait for is answered. */
  inputs: InputOptions;
  /** Throws when the key may not have a run begin with this request. */
  checkRequest: (request: RunRequest) => Promise<void>;
  /** How callers' own servers are told of changes. */
  webhooks: Webhooks;
  /** Told of failures that must not spoil an answer: it is paid for. Default: nobody. */
  onProblem?: (error: unknown) => void;
  /** What cannot be put on record spoils no answer. Default: it is not tried again. */
  writes?: PatientWrites;
  /** Milliseconds since 1970. Default: the system's clock. */
  now?: () => number;
};

export type RunBook = OwnedRuns & {
  /** Carries a run out, on record; it ends when its reader does. */
  record: (run: Run, details: NewRun, clock: RunClock) => ReturnType<Run>;
  /** The same, but the run goes on when its reader leaves. */
  outlive: (run: Run, details: NewRun, signal: AbortSignal) => ReturnType<Run>;
  /**
   * Lets a run go on without its caller, who must be its only one to start it. Resolves when it waits for
   * its turn. Throws what the run throws before that, and `queue-full`.
   */
  start: (run: Run, details: NewRun) => Promise<void>;
  /** Begins with this what waited for its turn when another server ended. */
  beginLeft: (begin: BeginRun) => void;
  /** One of those could not begin. */
  failLeft: (id: string, failure: object) => Promise<void>;
  follow: FollowRun;
  /** The changes of state of a key's runs, from here on. */
  watch: (keyId: string, signal: AbortSignal) => AsyncIterable<RunChange>;
  /**
   * Tells a run what it waits for. Throws `not-found` for another key's run as for none, `conflict` for all
   * but the first answer, and `forbidden` for what the key may not allow.
   */
  answer: (id: string, keyId: string, inputId: string, answer: InputAnswer) => Promise<StoredInput>;
  getInput: (id: string, keyId: string, inputId: string) => Promise<StoredInput>;
  /** What the runs of a key wait for, the oldest first. */
  listInputs: (keyId: string) => Promise<readonly StoredInput[]>;
  checkRequest: RunBookOptions['checkRequest'];
  /** Throws `invalid-request` for a webhook that is never sent to. */
  checkWebhook: (webhook: Webhook) => void;
  /** Ends a run and resolves when it has ended; one that had ended stays as it is. */
  cancel: (id: string, keyId: string) => Promise<StoredRun>;
  /** Notes what a run cost that fails or is cancelled. Never throws. */
  charge: (id: string, costUsd: number) => Promise<void>;
  removeExpired: () => Promise<void>;
  /** Whether there are unfinished runs that no living server is at. */
  hasLeft: () => Promise<boolean>;
  /** Those that had begun were cut, and this server carries out those that had not. */
  takeOver: () => Promise<void>;
  /** Lets other servers ask of this one's runs. */
  listen: () => Promise<void>;
  /** Ends all for this reason; what they cost may still be noted. */
  endAll: (reason: unknown) => Promise<void>;
  /** Ends all for this reason, and closes the store. */
  close: (reason: unknown) => Promise<void>;
};

/** Makes the book of all runs of agents: who owns which, what happened in it, and how it ended. */
export function createRunBook(options: RunBookOptions): RunBook {
  const { store, peers, onProblem = () => {}, now = Date.now, limitsOf = noLimits } = options;
  const { server = createOnlyServer(), writes = createPatientWrites({ onProblem }) } = options;
  const shared = { ...options, limitsOf, now, onProblem, writes };
  const { news, watch, hear, ...tell } = createRunNews({ ...options, peers });
  const reach = createReach({
    store,
    peers,
    server,
    own: {
      ...options.inputs.steering,
      cancel: (id) => cancelHere(id),
      checkPaths: options.inputs.checkPaths,
    },
    isHere: (id) => recorder.isLive(id),
  });
  const { steering } = reach;
  const owned = createOwnedRuns({ store, steering });
  const { get } = owned;
  const inputs = createPendingInputs({ ...shared, ...toInputParts(options, reach) });
  const recorder = createRecorder({ ...shared, ...tell, serverId: server.id, inputs });
  const left = createLeftRuns({ ...shared, ...tell, server });
  const follow = createFollow({ store, news, get, isHere: recorder.isLive, ...left });
  const { cancelHere, cancelAnywhere } = createCancel({ reach, recorder, left });
  const endAll = async (reason: unknown) => {
    left.leaveLeft();
    await recorder.endAll(reason);
    inputs.close();
  };

  return {
    ...owned,
    ...left,
    record: recorder.record,
    ...createUnreadRuns({ ...shared, record: recorder.record, follow }),
    follow,
    watch,
    answer: async (id, keyId, inputId, answer) =>
      inputs.answer(await get(id, keyId), inputId, answer),
    getInput: async (id, keyId, inputId) => inputs.get(await get(id, keyId), inputId),
    listInputs: inputs.list,
    checkRequest: options.checkRequest,
    checkWebhook: options.webhooks.check,
    async cancel(id, keyId) {
      if (!isEnded(await get(id, keyId))) await cancelAnywhere(id);
      return get(id, keyId);
    },
    listen: () => reach.listen(hear),
    charge: recorder.charge,
    removeExpired: () => store.removeEndedUntil(now() - options.ttlMs),
    endAll,
    async close(reason) {
      await endAll(reason);
      await writes.close();
      await peers?.close();
      await store.close();
      await options.webhooks.close();
    },
  };
}

type CancelParts = {
  reach: Pick<ReturnType<typeof createReach>, 'cancel' | 'isUnreachable'>;
  recorder: Pick<ReturnType<typeof createRecorder>, 'isLive' | 'cancel'>;
  left: Pick<ReturnType<typeof createLeftRuns>, 'cancelLeft'>;
};

/** Makes what ends a run, and one that waits for its turn, too. */
function createCancel({ reach, recorder, left }: CancelParts) {
  const cancelHere = async (id: string) => {
    if (!recorder.isLive(id)) await left.cancelLeft(id);
    await recorder.cancel(id);
  };
  return {
    cancelHere,
    cancelAnywhere: (id: string) =>
      reach.cancel(id).catch(async (error: unknown) => {
        unlessGone(error);
        await cancelHere(id); // there may be no server that is at it
        if (await reach.isUnreachable(id)) throw error;
      }),
  };
}

/** An answer must fit the rules of the key, and the folders that are allowed where the run is carried out. */
function toInputParts(
  { inputs, store }: RunBookOptions,
  { steering, checkPaths }: Pick<ReturnType<typeof createReach>, 'steering' | 'checkPaths'>,
) {
  const check: CheckAnswer = async ({ id, keyId }, request, answer) => {
    const paths = await inputs.check(keyId, request, answer);
    if (paths.length > 0) await checkPaths(id, paths);
  };
  return { ...inputs, steering, check, store: store.inputs };
}

type FollowParts = Omit<Following, 'whereIs'> &
  Pick<OwnedRuns, 'get'> & {
    isHere: (id: string) => boolean;
    isExpected: (id: string) => Promise<boolean>;
  };

function createFollow({ store, news, get, isHere, isExpected }: FollowParts): FollowRun {
  const whereIs: Following['whereIs'] = async (id) => {
    if (isHere(id)) return 'here';
    if (await isExpected(id)) return 'elsewhere';
    return isHere(id) ? 'here' : undefined; // it may have begun meanwhile
  };
  return async function* follow(id, keyId, after, signal) {
    await get(id, keyId);
    yield* followEvents({ store, news, whereIs }, id, after, signal);
  };
}

/** A run of a server that is gone ends by itself. */
function unlessGone(error: unknown) {
  if (toRunError(error).code !== 'conflict') throw error;
}

function createOnlyServer() {
  return { id: crypto.randomUUID(), isAlone: true, isRunning: () => false };
}

function noLimits() {
  return Promise.resolve({});
}
