import type { Steering } from '../backend.ts';
import { toRunError } from '../run-error.ts';
import type { InputAnswer, InputRequest } from '../run-input.ts';
import type { PatientWrites } from '../state/patient-writes.ts';
import type { InputStore } from './input-store.ts';

export type HandAnswersOptions = {
  store: Pick<InputStore, 'answer' | 'read'>;
  steering: Pick<Steering, 'answer'>;
  /** An answer that is on record is handed on, though it takes a while. */
  writes: Pick<PatientWrites, 'write'>;
  /** Told of what could not be handed on. */
  onProblem: (error: unknown) => void;
};

/** Makes what hands answers to runs, each once. */
export function createHandAnswers({ store, steering, writes, onProblem }: HandAnswersOptions) {
  const hand = (runId: string, id: string, answer: InputAnswer) => {
    void writes.write(async () => {
      await steering.answer(runId, id, answer).catch((error: unknown) => {
        const { code } = toRunError(error);
        if (code === 'queue-timeout') throw error; // whoever has the run cannot be reached at present
        if (code !== 'conflict') onProblem(error); // else it ended, or was withdrawn, in the meantime
      });
    });
  };

  /** The store may have taken it, and only its answer was lost: nobody can answer again then. */
  const handIfKept = (runId: string, id: string, answer: InputAnswer) =>
    writes.write(async () => {
      const found = await store.read(id);
      if (JSON.stringify(found?.answer) === JSON.stringify(answer)) hand(runId, id, answer);
    });

  const give = async (runId: string, id: string, answer: InputAnswer) => {
    const isFirst = await store.answer(id, answer).catch((error: unknown) => {
      void handIfKept(runId, id, answer);
      throw error;
    });
    if (isFirst) hand(runId, id, answer);
    return isFirst;
  };

  return {
    hand,
    /** Stores the answer and hands it on, if it is the first; resolves with whether it is. */
    give,
    /** The same for the server's own no, which is handed on even when it cannot be stored. Never throws. */
    async deny(runId: string, id: string, message: string) {
      const denial = { decision: 'deny', message } as const;
      try {
        await give(runId, id, denial);
      } catch (error) {
        onProblem(error);
        hand(runId, id, denial);
      }
    },
  };
}

/** Whether an answer is on record as it was given: the run has what is not there any more. */
export function isWhole({ type }: InputRequest, answer: InputAnswer): boolean {
  return type !== 'tool-request' || answer.decision === 'deny' || answer.result !== undefined;
}
