import { randomUUID } from 'node:crypto';
import { z } from 'zod';

import { within } from './common/within.ts';
import type { RunError } from './run-error.ts';
import { failureFromWire, failureToWire } from './run-wire.ts';

/** What one process asks of another beside runs: questions and their answers, as JSON texts. */
const Answer = z.object({
  id: z.string(),
  value: z.unknown().optional(),
  failure: z.string().optional(),
});

/** The answer to the call with this id as one JSON text: what it resolves with, or why it failed. */
export async function answerToWire(id: string, call: Promise<unknown>): Promise<string> {
  const answer = await call.then(
    (value) => ({ id, value }),
    (error: unknown) => ({ id, failure: failureToWire(error) }),
  );
  return JSON.stringify(answer);
}

export type WireCallsOptions = {
  /** Longest wait for an answer, in milliseconds. */
  answerMs: number;
  /** What is thrown when none comes. */
  toNoAnswer: () => RunError;
};

/** The asking side: sends calls, and waits for their answers. */
export function createWireCalls({ answerMs, toNoAnswer }: WireCallsOptions) {
  const waiting = new Map<string, (answer: z.infer<typeof Answer>) => void>();
  return {
    /** `send` resolves with whether anybody may answer. Throws what the answer says, and `toNoAnswer`. */
    async ask(send: (id: string) => Promise<boolean>): Promise<unknown> {
      const id = randomUUID();
      const { promise, resolve } = Promise.withResolvers<z.infer<typeof Answer>>();
      waiting.set(id, resolve);
      try {
        const answered = (await send(id)) ? await within(promise, answerMs) : undefined;
        if (!answered) throw toNoAnswer();
        if (answered.failure !== undefined) throw failureFromWire(answered.failure);
        return answered.value;
      } finally {
        waiting.delete(id);
      }
    },
    /** Takes what `answerToWire` wrote. */
    take(text: string): void {
      const answered = Answer.parse(JSON.parse(text));
      waiting.get(answered.id)?.(answered);
    },
  };
}
