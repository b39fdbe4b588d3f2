import type { Steering } from '../backend.ts';
import { toRunError } from '../run-error.ts';
import type { InputAnswer, InputRequest } from '../run-input.ts';
import { type AskedInputs, createAskedInputs } from './asked-inputs.ts';
import { createHandAnswers } from './hand-answers.ts';
import type { InputStore } from './input-store.ts';
import { createOpenInputs, type RunName } from './open-inputs.ts';
import type { LimitsOf } from './run-clock.ts';

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

export type PendingInputs = AskedInputs & {
  /** A run waits for this from here on, or is denied it. */
  ask: (run: RunName, request: InputRequest) => void;
  /** The run waits for it no more. */
  settle: (inputId: string) => void;
  isWaiting: (runId: string) => boolean;
  /** The ids of what a run waits for now. */
  ofRun: (runId: string) => readonly string[];
  /** The run is over: what it waited for cannot be answered any more. */
  end: (runId: string) => void;
  close: () => void;
};

type PendingOptions = InputOptions & {
  store: InputStore;
  limitsOf: LimitsOf;
  /** Milliseconds since 1970. */
  now: () => number;
  /** Told of what could not be stored, or handed on. */
  onProblem: (error: unknown) => void;
};

const UNNOTED = { decision: 'deny', message: 'The server could not note the request.' } as const;

const TOO_MANY = 'Too many runs wait for an answer already.';

/** Any answer will do to ask whether a key still holds. */
const DENIAL = { decision: 'deny', message: '' } as const;

/** Makes the list of what runs wait to be told: one stored answer for each, whoever gives it. */
export function createPendingInputs(options: PendingOptions): PendingInputs {
  const { store, steering, check, now, onProblem } = options;
  const answers = createHandAnswers({ store, steering, onProblem });

  const deny = (id: string, message: string) => {
    const run = open.find(id);
    if (run) answers.deny(run.id, id, message);
  };

  const denyIfForbidden = async (keyId: string, request: InputRequest, answer: InputAnswer) => {
    await check(keyId, request, answer).catch((error: unknown) =>
      deny(request.id, toRunError(error).message),
    );
  };

  const denyIfTooMany = async (run: RunName, id: string) => {
    const { waitingRuns = Infinity } = await options.limitsOf(run.keyId);
    if (open.countEarlier(id) >= waitingRuns) deny(id, TOO_MANY);
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
        return answers.hand(run.id, id, UNNOTED);
      }
      if (!hasRoom) return deny(id, TOO_MANY);
      void denyIfForbidden(run.keyId, request, { decision: 'allow' });
      denyIfTooMany(run, id).catch(onProblem);
    },
    settle,
    isWaiting: (runId) => open.ofRun(runId).length > 0,
    ofRun: open.ofRun,
    end(runId) {
      for (const id of open.ofRun(runId)) settle(id);
    },
    ...createAskedInputs({ store, check, give: answers.give }),
    close: open.close,
  };
}

function toLateMessage(timeoutMs: number) {
  return `Nobody answered within ${Math.ceil(timeoutMs / 1000)} s.`;
}
