import type { Steering } from '../backend.ts';
import { RunError, toRunError } from '../run-error.ts';
import type { InputAnswer, InputRequest } from '../run-input.ts';
import { createHandAnswers } from './hand-answers.ts';
import type { InputStore, StoredInput } from './input-store.ts';
import { createOpenInputs, type RunName } from './open-inputs.ts';

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

type PendingOptions = InputOptions & {
  store: InputStore;
  /** Milliseconds since 1970. */
  now: () => number;
  /** Told of what could not be stored, or handed on. */
  onProblem: (error: unknown) => void;
};

/** Any answer will do to ask whether a key still holds. */
const DENIAL = { decision: 'deny', message: '' } as const;

/** Makes the list of what runs wait to be told: one stored answer for each, whoever gives it. */
export function createPendingInputs(options: PendingOptions): PendingInputs {
  const { store, steering, check, now, onProblem } = options;
  const { hand, give } = createHandAnswers({ store, steering, onProblem });

  const deny = (id: string, message: string) => {
    const run = open.find(id);
    if (!run) return;
    const denial = { decision: 'deny', message } as const;
    try {
      give(run.id, id, denial);
    } catch (error) {
      onProblem(error);
      hand(run.id, id, denial); // what cannot be stored is denied all the same
    }
  };

  const denyIfForbidden = async (keyId: string, request: InputRequest, answer: InputAnswer) => {
    await check(keyId, request, answer).catch((error: unknown) =>
      deny(request.id, toRunError(error).message),
    );
  };

  const open = createOpenInputs({
    ...options,
    onLate: (id) => deny(id, toLateMessage(options.timeoutMs)),
    async checkKey(id, { keyId }) {
      const input = store.read(id);
      if (input && !input.answer) await denyIfForbidden(keyId, input.request, DENIAL);
    },
  });

  const settle = (id: string) => {
    store.answer(id, 'withdrawn');
    open.forget(id);
  };

  const get: PendingInputs['get'] = (run, id) => {
    const input = store.read(id);
    if (input?.runId === run.id) return input;
    throw new RunError('not-found', 'The run has not asked for this.', { param: 'id' });
  };

  return {
    ask(run, request) {
      const { id } = request;
      const hasRoom = open.add(id, run);
      const createdAt = now();
      const expiresAt = createdAt + options.timeoutMs;
      try {
        store.add({ id, runId: run.id, keyId: run.keyId, createdAt, expiresAt, request });
      } catch (error) {
        onProblem(error);
        hand(run.id, id, { decision: 'deny', message: 'The server could not note the request.' });
        return;
      }
      if (hasRoom) void denyIfForbidden(run.keyId, request, { decision: 'allow' });
      else deny(id, 'Too many runs wait for an answer already.');
    },
    settle,
    isWaiting: (runId) => open.ofRun(runId).length > 0,
    end(runId) {
      for (const id of open.ofRun(runId)) settle(id);
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
    close: open.close,
  };
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
