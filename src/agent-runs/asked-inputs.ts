import { RunError } from '../run-error.ts';
import type { InputAnswer, InputRequest } from '../run-input.ts';
import type { InputStore, StoredInput } from './input-store.ts';
import type { RunName } from './open-inputs.ts';

/** Throws when the answer would let the run do what it may not. */
export type CheckAnswer = (
  run: RunName,
  request: InputRequest,
  answer: InputAnswer,
) => Promise<void>;

/** What runs have asked for, as those see it who answer. */
export type AskedInputs = {
  /**
   * Stores the answer, and hands it on. Throws `not-found`, `conflict` when there is an answer already,
   * and what the check throws.
   */
  answer: (run: RunName, inputId: string, answer: InputAnswer) => Promise<StoredInput>;
  /** What runs of a key wait for, the oldest first. */
  list: (keyId: string) => Promise<readonly StoredInput[]>;
  get: (run: RunName, inputId: string) => Promise<StoredInput>;
};

type AskedInputsOptions = {
  store: Pick<InputStore, 'read' | 'list'>;
  check: CheckAnswer;
  /** Stores an answer and hands it on, if it is the first; resolves with whether it is. */
  give: (runId: string, inputId: string, answer: InputAnswer) => Promise<boolean>;
};

export function createAskedInputs({ store, check, give }: AskedInputsOptions): AskedInputs {
  const get: AskedInputs['get'] = async (run, id) => {
    const input = await store.read(id);
    if (input?.runId === run.id) return input;
    throw new RunError('not-found', 'The run has not asked for this.', { param: 'id' });
  };

  return {
    async answer(run, id, answer) {
      const { request, answer: earlier } = await get(run, id);
      if (earlier) throw toConflict(earlier);
      await check(run, request, answer);
      if (!(await give(run.id, id, answer))) throw toConflict((await store.read(id))?.answer);
      return get(run, id);
    },
    list: store.list,
    get,
  };
}

function toConflict(earlier: StoredInput['answer']) {
  const sentence =
    earlier === undefined || earlier === 'withdrawn'
      ? 'The run does not wait for this any more.'
      : `This was answered already: ${earlier.decision}.`;
  return new RunError('conflict', sentence, { param: 'id' });
}
