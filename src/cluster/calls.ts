import { randomUUID } from 'node:crypto';
import { z } from 'zod';

import { failureFromWire, failureToWire } from '../run-wire.ts';
import { within } from '../common/within.ts';
import type { Names } from './names.ts';
import type { ClusterRedis } from './open-redis.ts';
import { toWorkerLost } from './refusals.ts';
import type { Seal } from './seal.ts';

/** What fronts ask workers beside runs: a method's name and what it is called with, as JSON. */
export type Call = { method: string; args: readonly unknown[] };

type Parts = { cluster: ClusterRedis; names: Names; seal: Seal };

const Asked = z.object({
  id: z.string(),
  front: z.string(),
  method: z.string(),
  args: z.array(z.unknown()),
});

const Answered = z.object({
  id: z.string(),
  value: z.unknown().optional(),
  failure: z.string().optional(),
});

/** Longest wait for an answer, in milliseconds: to read the CLI's status takes up to 20 s. */
const ANSWER_MS = 30_000;

const HEAD = 'call ';

/** The asking side, of one front. */
export function createCalls({ cluster, names, seal }: Parts, front: string) {
  const waiting = new Map<string, PromiseWithResolvers<z.infer<typeof Answered>>>();
  return {
    /** Throws what the worker's answer says, and `cli-failed` when there is none. */
    async ask(worker: string, { method, args }: Call): Promise<unknown> {
      const id = randomUUID();
      const answer = Promise.withResolvers<z.infer<typeof Answered>>();
      waiting.set(id, answer);
      try {
        const text = JSON.stringify({ id, front, method, args });
        const sealed = seal.close(text, `call ${worker}`).toString('base64');
        const heard = await cluster.redis.publish(names.toWorker(worker), `${HEAD}${sealed}`);
        const answered = heard > 0 ? await within(answer.promise, ANSWER_MS) : undefined;
        if (!answered) throw toWorkerLost();
        if (answered.failure !== undefined) throw failureFromWire(answered.failure);
        return answered.value;
      } finally {
        waiting.delete(id);
      }
    },
    /** Takes what came on the front's channel. */
    take(message: string) {
      const sealed = Buffer.from(message, 'base64');
      const answered = Answered.parse(JSON.parse(seal.open(sealed, `answer ${front}`)));
      waiting.get(answered.id)?.resolve(answered);
    },
  };
}

/** The answering side, of one worker: takes a message of its channel; others than calls do nothing. */
export function createAnswerCalls(
  { cluster, names, seal }: Parts,
  worker: string,
  carryOut: (call: Call) => Promise<unknown>,
) {
  return async (message: string): Promise<void> => {
    if (!message.startsWith(HEAD)) return;
    const sealed = Buffer.from(message.slice(HEAD.length), 'base64');
    const { id, front, ...call } = Asked.parse(JSON.parse(seal.open(sealed, `call ${worker}`)));
    const answer = await carryOut(call).then(
      (value) => ({ id, value }),
      (error: unknown) => ({ id, failure: failureToWire(error) }),
    );
    const closed = seal.close(JSON.stringify(answer), `answer ${front}`);
    await cluster.redis.publish(names.toFront(front), closed.toString('base64'));
  };
}
