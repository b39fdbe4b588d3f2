import type { CheckPaths, Steering } from '../backend.ts';
import { type RunErrorCode, toRunError } from '../run-error.ts';
import type { InputAnswer, InputRequest } from '../run-input.ts';
import { type AskedInputs, type CheckAnswer, createAskedInputs } from './asked-inputs.ts';
import { createHandAnswers, isWhole, type HandAnswersOptions } from './hand-answers.ts';
import type { InputStore } from './input-store.ts';
import { createOpenInputs, type OpenInputsOptions, type RunName } from './open-inputs.ts';
import type { LimitsOf } from './run-clock.ts';
import type { RunLine } from './run-line.ts';

/** What is told to answers, and to those who wait for one. */
export type InputOptions = {
  /** Speaks to runs. */
  steering: Steering;
  /**
   * Resolves with the paths that the answer gives leave for. Throws when it would let the run do what its key may not.
   */
  check: (keyId: string, request: InputRequest, answer: InputAnswer) => Promise<readonly string[]>;
  /** Throws `forbidden` unless the run may have leave for these. */
  checkPaths: CheckPaths;
  /** Longest time that a run waits for an answer, in milliseconds; then it is denied. */
  timeoutMs: number;
  /** Runs of one key that may wait for an answer; what a further one asks is denied. */
  maxPerKey: number;
  /** Takes room for one more run of any key, if any is left; what it resolves with frees it. */
  takeRoom: OpenInputsOptions['takeRoom'];
};

export type PendingInputs = AskedInputs & {
  /** A run waits for this from here on, or is denied it. */
  ask: (run: RunName & { line: RunLine }, request: InputRequest) => void;
  /** The run waits for it no more. */
  settle: (inputId: string, line: RunLine) => void;
  isWaiting: (runId: string) => boolean;
  /** The ids of what a run waits for now. */
  ofRun: (runId: string) => readonly string[];
  /** The run is over: what it waited for cannot be answered any more. */
  end: (runId: string, line: RunLine) => void;
  close: () => void;
};

type PendingOptions = Omit<InputOptions, 'check' | 'checkPaths'> & {
  check: CheckAnswer;
  store: InputStore;
  limitsOf: LimitsOf;
  /** Milliseconds since 1970. */
  now: () => number;
  writes: HandAnswersOptions['writes'];
  /** Told of what could not be stored, or handed on. */
  onProblem: (error: unknown) => void;
};

const UNNOTED = { decision: 'deny', message: 'The server could not note the request.' } as const;

const TOO_MANY = 'Too many runs wait for an answer already.';

/** Any answer will do to ask whether a key still holds. */
const DENIAL = { decision: 'deny', message: '' } as const;

/** A run is denied what it may not have; what could not be found out is asked again when somebody allows it. */
const FORBIDDEN: ReadonlySet<RunErrorCode> = new Set<RunErrorCode>([
  'forbidden',
  'unauthenticated',
]);

/** Makes the list of what runs wait to be told: one stored answer for each, whoever gives it. */
export function createPendingInputs(options: PendingOptions): PendingInputs {
  const { store, check, now, onProblem } = options;
  const answers = createHandAnswers(options);
  const denials = createDenials(options, {
    find: (id) => open.find(id),
    deny: (...denied) => answers.deny(...denied),
  });

  const open = createOpenInputs({
    ...options,
    onLate: (id) => void denials.deny(id, toLateMessage(options.timeoutMs)),
    look: (id, run) => look(id, run),
  });

  /** Denies what a revoked key waits for, and hands on what a server noted that did not live to do so. */
  const look = async (id: string, run: RunName) => {
    const input = await store.read(id);
    if (!input || input.answer === 'withdrawn') return;
    if (!input.answer) await denials.ifForbidden(run, input.request, DENIAL);
    else if (isWhole(input.request, input.answer)) answers.hand(run.id, id, input.answer);
  };

  /** Denies what is not to be asked, as soon as it is noted. */
  const checkAsked = async (run: RunName, request: InputRequest, noted: Promise<unknown>) => {
    open.add(request.id, run);
    if (!(await noted)) answers.hand(run.id, request.id, UNNOTED);
    else if (!(await open.hasRoom(request.id))) await denials.deny(request.id, TOO_MANY);
    else {
      await Promise.all([
        denials.ifForbidden(run, request, { decision: 'allow' }),
        denials.ifTooMany(run, request.id),
      ]);
    }
  };

  const settle: PendingInputs['settle'] = (id, line) => {
    open.forget(id);
    void line.write(() => withdraw(store, id));
  };

  return {
    ask({ line, ...run }, request) {
      const { id } = request;
      const createdAt = now();
      const expiresAt = createdAt + options.timeoutMs;
      const input = { id, runId: run.id, keyId: run.keyId, createdAt, expiresAt, request };
      const noted = line.write(() => store.add(input).then(() => true));
      checkAsked(run, request, noted).catch(onProblem);
    },
    settle,
    isWaiting: (runId) => open.ofRun(runId).length > 0,
    ofRun: open.ofRun,
    end(runId, line) {
      for (const id of open.ofRun(runId)) settle(id, line);
    },
    ...createAskedInputs({ store, check, give: answers.give }),
    close: open.close,
  };
}

/** The run has what it was told, or needs it no more. */
async function withdraw(store: InputStore, id: string) {
  if (!(await store.answer(id, 'withdrawn'))) await store.forgetResult(id);
}

type DenialParts = {
  /** Who waits for it, if it is open. */
  find: (inputId: string) => RunName | undefined;
  deny: (runId: string, inputId: string, message: string) => Promise<void>;
};

/** Makes what says no in the server's own name. */
function createDenials(
  { store, check, limitsOf, maxPerKey }: PendingOptions,
  { find, deny: denyRun }: DenialParts,
) {
  const deny = async (id: string, message: string) => {
    const run = find(id);
    if (run) await denyRun(run.id, id, message);
  };

  const ifForbidden = async (run: RunName, request: InputRequest, answer: InputAnswer) => {
    await check(run, request, answer).catch(async (error: unknown) => {
      const { code, message } = toRunError(error);
      if (!FORBIDDEN.has(code)) throw error;
      await deny(request.id, message);
    });
  };

  return {
    deny,
    ifForbidden,
    async ifTooMany({ id: runId, keyId }: RunName, id: string) {
      const { waitingRuns = Infinity } = await limitsOf(keyId);
      const waiting = await store.list(keyId);
      const earlier = waiting.slice(
        0,
        Math.max(
          0,
          waiting.findIndex((one) => one.id === id),
        ),
      );
      const others = new Set(earlier.map((one) => one.runId).filter((other) => other !== runId));
      if (others.size >= Math.min(maxPerKey, waitingRuns)) await deny(id, TOO_MANY);
    },
  };
}

function toLateMessage(timeoutMs: number) {
  return `Nobody answered within ${Math.ceil(timeoutMs / 1000)} s.`;
}
