import type { Answer } from '../../src/demo/model-server.ts';
import { heldReply } from '../../src/demo/replies.ts';

export type HeldAnswers = {
  answer: Answer;
  /** Lets every answer go on to its end, those to come included. */
  release: () => void;
  /** The most that were ever open at the same time. */
  readonly peak: number;
};

/** A model that stops in the middle of every answer, until it is released. */
export function holdAnswers(text = 'one two three four'): HeldAnswers {
  const gate = Promise.withResolvers<void>();
  let open = 0;
  let peak = 0;
  return {
    answer(_body, request) {
      open += 1;
      peak = Math.max(peak, open);
      void request.closed.finally(() => {
        open -= 1;
      });
      return heldReply(text, gate.promise);
    },
    release: gate.resolve,
    get peak() {
      return peak;
    },
  };
}
