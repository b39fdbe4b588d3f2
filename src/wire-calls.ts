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

type Answer = z.infer<typeof Answer>;

/** The answer to the call with this id as one JSON text: what it resolves with, or why it failed. */
export async function answerToWire(id: string, call: Promise<unknown>): Promise<string> {
  const answer = await call.then(
    (value) => ({ id, value }),
    (error: unknown) => ({ id, failure: failureToWire(error) }),
  );
  return JSON.stringify(answer);
}

/** What it resolved with there. Throws why it failed. */
export function readAnswer({ value, failure }: Answer): unknown {
  if (failure !== undefined) throw failureFromWire(failure);
  return value;
}

export type WireCallsOptions = {
  /** Longest wait for an answer, in milliseconds. */
  answerMs: number;
  /** What is thrown when none comes. */
  toNoAnswer: () => RunError;
};

/** Sends a call, and resolves with whether anybody may answer. */
type Send = (id: string) => Promise<boolean>;

/** The asking side: sends calls, and waits for their answers. */
export function createWireCalls({ answerMs, toNoAnswer }: WireCallsOptions) {
  const waiting = new Map<string, (answer: Answer) => void>();

  async function exchange(send: Send, givenUp?: Promise<void>): Promise<Answer | undefined> {
    const id = randomUUID();
    const { promise, resolve } = Promise.withResolvers<Answer>();
    waiting.set(id, resolve);
    try {
      if (!(await send(id))) return undefined;
      const ending = givenUp ? Promise.race([promise, givenUp]) : promise;
      return (await within(ending, answerMs)) ?? undefined;
    } finally {
      waiting.delete(id);
    }
  }

  return {
    /** Resolves with the answer, or with nothing when none comes in time, or before `givenUp` resolves. */
    exchange,
    /** Throws what the answer says, and `toNoAnswer`. */
    async ask(send: Send): Promise<unknown> {
      const answer = await exchange(send);
      if (!answer) throw toNoAnswer();
      return readAnswer(answer);
    },
    /** Takes what `answerToWire` wrote. */
    take(text: string): void {
      const answer = Answer.parse(JSON.parse(text));
      waiting.get(answer.id)?.(answer);
    },
  };
}
