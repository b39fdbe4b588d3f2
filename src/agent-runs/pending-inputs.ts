import type { Steering } from '../backend.ts';
import { RunError, toRunError } from '../run-error.ts';
import type { InputAnswer, InputRequest } from '../run-input.ts';
import type { InputStore, StoredInput } from './input-store.ts';

/** What is told to answers, and to those who wait for one. */
export type InputOptions = {
  /** Speaks to runs. */
  steering: Steering;
  /** Throws when the answer would let the run do what its key may not. */
  check: (keyId: string, request: InputRequest, answer: InputAnswer) => Promise<void>;
  /** Longest time that a run waits for an answer, in milliseconds; then it is denied. */
  timeoutMs: number;
  /** Runs of one key that may wait for an answer; what a further one asks is denied. */
  maxPerKey: number;
  /** The same of all keys together: each holds a process. */
  max: number;
};

export type PendingInputs = {
  /** A run waits for this from here on, or is denied it. */
  ask: (run: RunName, request: InputRequest) => void;
  /** The run waits for it no more. */
  settle: (inputId: string) => void;
  isWaiting: (runId: string) => boolean;
  /** The run is over: what it waited for cannot be answered any more. */
  end: (runId: string) => void;
  /**
   * Stores the answer, and hands it on. Throws `not-found`, `conflict` when there is an answer already,
   * and what the check throws.
   */
  answer: (run: RunName, inputId: string, answer: InputAnswer) => Promise<StoredInput>;
  /** What runs of a key wait for, the oldest first. */
  list: (keyId: string) => readonly StoredInput[];
  get: (run: RunName, inputId: string) => StoredInput;
  close: () => void;
};

type RunName = { id: string; keyId: string };
type Open = { run: RunName; timer: NodeJS.Timeout };

type PendingOptions = InputOptions & {
  store: InputStore;
  /** Milliseconds since 1970. */
  now: () => number;
  /** Told of what could not be stored, or handed on. */
  onProblem: (error: unknown) => void;
};

/** How often the keys of those who wait are looked at, in milliseconds: a revoked one gets no leave. */
const KEY_CHECK_MS = 2000;

/** Any answer will do to ask whether a key still holds. */
const DENIAL = { decision: 'deny', message: '' } as const;

/** Makes the list of what runs wait to be told: one stored answer for each, whoever gives it. */
export function createPendingInputs(options: PendingOptions): PendingInputs {
  const { store, steering, check, now, onProblem } = options;
  const open = new Map<string, Open>();
  let keyTimer: NodeJS.Timeout | undefined;

  const hand = (runId: string, id: string, answer: InputAnswer) => {
    steering.answer(runId, id, answer).catch((error: unknown) => {
      // It ended, or was withdrawn, in the meantime.
      if (toRunError(error).code !== 'conflict') onProblem(error);
    });
  };

  /** Whether it was the first answer. */
  const give = (runId: string, id: string, answer: InputAnswer) => {
    const isFirst = store.answer(id, answer);
    if (isFirst) hand(runId, id, answer);
    return isFirst;
  };

  const deny = (id: string, message: string) => {
    const entry = open.get(id);
    if (entry) give(entry.run.id, id, { decision: 'deny', message });
  };

  const denyIfForbidden = async (
    { keyId }: RunName,
    request: InputRequest,
    answer: InputAnswer,
  ) => {
    await check(keyId, request, answer).catch((error: unknown) =>
      deny(request.id, toRunError(error).message),
    );
  };

  const checkKeys = async () => {
    for (const { id, run } of [...open].map(([key, entry]) => ({ id: key, ...entry }))) {
      const input = store.read(id);
      if (input && !input.answer) await denyIfForbidden(run, input.request, DENIAL);
    }
  };

  const watchKeys = () => {
    if (open.size > 0) keyTimer ??= setInterval(() => void checkKeys(), KEY_CHECK_MS).unref();
    else {
      clearInterval(keyTimer);
      keyTimer = undefined;
    }
  };

  const forget = (id: string) => {
    clearTimeout(open.get(id)?.timer);
    open.delete(id);
    watchKeys();
  };

  const get: PendingInputs['get'] = (run, id) => {
    const input = store.read(id);
    if (input?.runId === run.id) return input;
    throw new RunError('not-found', 'The run has not asked for this.', { param: 'id' });
  };

  return {
    ask(run, request) {
      const { id } = request;
      const isFull = isOverBound(open, run, options);
      const expiresAt = now() + options.timeoutMs;
      const late = () => deny(id, toLateMessage(options.timeoutMs));
      open.set(id, { run, timer: setTimeout(late, options.timeoutMs).unref() });
      try {
        store.add({ id, runId: run.id, keyId: run.keyId, createdAt: now(), expiresAt, request });
      } catch (error) {
        onProblem(error);
        hand(run.id, id, { decision: 'deny', message: 'The server could not note the request.' });
        return;
      }
      watchKeys();
      if (isFull) deny(id, 'Too many runs wait for an answer already.');
      else void denyIfForbidden(run, request, { decision: 'allow' });
    },
    settle(id) {
      store.answer(id, 'withdrawn');
      forget(id);
    },
    isWaiting: (runId) => [...open.values()].some(({ run }) => run.id === runId),
    end(runId) {
      for (const [id, { run }] of open) if (run.id === runId) this.settle(id);
    },
    async answer(run, id, answer) {
      const { request, answer: earlier } = get(run, id);
      if (earlier) throw toConflict(earlier);
      await check(run.keyId, request, answer);
      if (!give(run.id, id, answer)) throw toConflict(store.read(id)?.answer);
      return get(run, id);
    },
    list: store.list,
    get,
    close() {
      for (const id of open.keys()) forget(id);
    },
  };
}

function isOverBound(
  open: ReadonlyMap<string, Open>,
  run: RunName,
  { max, maxPerKey }: InputOptions,
) {
  const runs = [...open.values()].map((entry) => entry.run).filter(({ id }) => id !== run.id);
  const count = (some: readonly RunName[]) => new Set(some.map(({ id }) => id)).size;
  return count(runs) >= max || count(runs.filter(({ keyId }) => keyId === run.keyId)) >= maxPerKey;
}

function toLateMessage(timeoutMs: number) {
  return `Nobody answered within ${Math.ceil(timeoutMs / 1000)} s.`;
}

function toConflict(earlier: StoredInput['answer']) {
  const sentence =
    earlier === undefined || earlier === 'withdrawn'
      ? 'The run does not wait for this any more.'
      : `This was answered already: ${earlier.decision}.`;
  return new RunError('conflict', sentence, { param: 'id' });
}
