import { z } from 'zod';

import { createExpiringMap } from '../common/expiring-map.ts';
import type { RunError } from '../run-error.ts';
import { answerToWire, createWireCalls } from '../wire-calls.ts';
import type { Names } from './names.ts';
import type { ClusterRedis } from './open-redis.ts';
import { isUnknownCall, toOlderWorker, toWorkerLost } from './refusals.ts';
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

/** Longest wait for an answer, in milliseconds: to read the CLI's status takes up to 20 s. */
const ANSWER_MS = 30_000;

/** Calls that a worker remembers: one whose answer was lost with the connection is sent again. */
const MOST_KNOWN = 10_000;

const HEAD = 'call ';

/** The asking side, of one front. */
export function createCalls({ cluster, names, seal }: Parts, front: string) {
  const calls = createWireCalls({ answerMs: ANSWER_MS, toNoAnswer: toWorkerLost });
  return {
    /**
     * Throws what the worker's answer says, `queue-timeout` when it is of a version that does not know the method,
     * `cli-failed` when there is no answer, and this when there is no such worker.
     */
    ask: async (
      worker: string,
      { method, args }: Call,
      toAway: () => RunError = toWorkerLost,
    ): Promise<unknown> => {
      const send = async (id: string) => {
        const text = JSON.stringify({ id, front, method, args });
        const sealed = seal.close(text, `call ${worker}`).toString('base64');
        const heard = await cluster.redis.publish(names.toWorker(worker), `${HEAD}${sealed}`);
        if (heard === 0) throw toAway();
        return true;
      };
      return calls.ask(send).catch((error: unknown) => {
        throw isUnknownCall(error) ? toOlderWorker() : error;
      });
    },
    /** Takes what came on the front's channel. */
    take: (message: string): void =>
      calls.take(seal.open(Buffer.from(message, 'base64'), `answer ${front}`)),
  };
}

/** The answering side, of one worker: takes a message of its channel; others than calls, and those known, do nothing. */
export function createAnswerCalls(
  { cluster, names, seal }: Parts,
  worker: string,
  carryOut: (call: Call) => Promise<unknown>,
) {
  const known = createExpiringMap<true>({ holdMs: ANSWER_MS, max: MOST_KNOWN });
  return async (message: string): Promise<void> => {
    if (!message.startsWith(HEAD)) return;
    const sealed = Buffer.from(message.slice(HEAD.length), 'base64');
    const { id, front, ...call } = Asked.parse(JSON.parse(seal.open(sealed, `call ${worker}`)));
    if (known.get(id)) return;
    known.set(id, true);
    const closed = seal.close(await answerToWire(id, carryOut(call)), `answer ${front}`);
    await cluster.redis.publish(names.toFront(front), closed.toString('base64'));
  };
}
