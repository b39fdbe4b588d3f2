import type { Steering } from '../backend.ts';
import { toRunError } from '../run-error.ts';
import type { InputAnswer } from '../run-input.ts';
import type { InputStore } from './input-store.ts';

export type HandAnswersOptions = {
  store: Pick<InputStore, 'answer'>;
  steering: Pick<Steering, 'answer'>;
  /** Told of what could not be handed on. */
  onProblem: (error: unknown) => void;
};

/** Makes what hands answers to runs, each once. */
export function createHandAnswers({ store, steering, onProblem }: HandAnswersOptions) {
  const hand = (runId: string, id: string, answer: InputAnswer) => {
    steering.answer(runId, id, answer).catch((error: unknown) => {
      // It ended, or was withdrawn, in the meantime.
      if (toRunError(error).code !== 'conflict') onProblem(error);
    });
  };

  const give = async (runId: string, id: string, answer: InputAnswer) => {
    const isFirst = await store.answer(id, toKept(answer));
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

/** What a tool came to may be many megabytes, and has its place in the session. */
function toKept(answer: InputAnswer): InputAnswer {
  return answer.decision === 'allow' ? { ...answer, result: undefined } : answer;
}
