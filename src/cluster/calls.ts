import { z } from 'zod';

import { createExpiringMap } from '../common/expiring-map.ts';
import { answerToWire, createWireCalls, readAnswer } from '../wire-calls.ts';
import { createCallKeys } from './call-keys.ts';
import type { Names } from './names.ts';
import { type ClusterRedis, inOnePacket } from './open-redis.ts';
import { isUnknownCall, toOlderWorker, toWorkerLost } from './refusals.ts';
import type { Seal } from './seal.ts';

/** What fronts ask workers beside runs: a method's name and what it is called with, as JSON. */
export type Call = { method: string; args: readonly unknown[] };

/** What became of a call. */
export type CallOutcome =
  | { kind: 'answered'; value: unknown }
  /** Its worker is gone; one that comes back does not begin with it. */
  | { kind: 'lost'; mayHaveBegun: boolean };

type Parts = { cluster: ClusterRedis; names: Names; seal: Seal };

const Asked = z.object({
  id: z.string(),
  front: z.string(),
  method: z.string(),
  args: z.array(z.unknown()),
  /** Whether the front takes back what it waits for no longer; those of an earlier version do not. */
  isWithdrawable: z.boolean().default(false),
});

/** Longest wait for an answer, in milliseconds: to read the CLI's status takes up to 20 s. */
const ANSWER_MS = 30_000;

/** Calls that a worker remembers: one whose answer was lost with the connection is sent again. */
const MOST_KNOWN = 10_000;

const HEAD = 'call ';

/** The asking side, of one front. */
export function createCalls({ cluster, names, seal }: Parts, front: string) {
  const { redis } = cluster;
  const keys = createCallKeys({ cluster, names });
  const calls = createWireCalls({ answerMs: ANSWER_MS, toNoAnswer: toWorkerLost });
  const waiting = new Set<{ worker: string; giveUp: () => void }>();

  /** Resolves with whether the worker listens. */
  const send = async (id: string, worker: string, call: Call) => {
    const text = JSON.stringify({ id, front, ...call, isWithdrawable: true });
    const sealed = seal.close(text, `call ${worker}`).toString('base64');
    const [, heard] = await inOnePacket(redis, () =>
      Promise.all([
        keys.put(id, ANSWER_MS),
        redis.publish(names.toWorker(worker), `${HEAD}${sealed}`),
      ]),
    );
    return heard > 0;
  };

  return {
    /**
     * Throws what the worker's answer says, `queue-timeout` when it is of a version that does not know the method, and
     * `cli-failed` when it is there, and yet does not answer.
     */
    async ask(worker: string, call: Call): Promise<CallOutcome> {
      const one = { worker, id: '', isHeard: false, isLost: false, giveUp: () => {} };
      const lost = new Promise<void>((resolve) => {
        one.giveUp = () => {
          one.isLost = true;
          resolve();
        };
      });
      waiting.add(one);
      try {
        const answer = await calls.exchange(async (id) => {
          one.id = id;
          return (one.isHeard = await send(id, worker, call));
        }, lost);
        if (answer) return { kind: 'answered', value: readAnswer(answer) };
      } catch (error) {
        throw isUnknownCall(error) ? toOlderWorker() : error;
      } finally {
        waiting.delete(one);
      }
      const mayHaveBegun = one.isHeard && !(await keys.withdraw(one.id));
      if (one.isHeard && !one.isLost) throw toWorkerLost(); // it is there, and yet says nothing
      return { kind: 'lost', mayHaveBegun };
    },
    /** Takes what came on the front's channel. */
    take: (message: string): void =>
      calls.take(seal.open(Buffer.from(message, 'base64'), `answer ${front}`)),
    /** Waits no longer for workers that are gone. */
    check(isThere: (worker: string) => boolean): void {
      for (const { worker, giveUp } of waiting) if (!isThere(worker)) giveUp();
    },
  };
}

/** The answering side, of one worker: takes a message of its channel; others than calls, and those known, do nothing. */
export function createAnswerCalls(
  { cluster, names, seal }: Parts,
  worker: string,
  carryOut: (call: Call) => Promise<unknown>,
) {
  const { redis } = cluster;
  const keys = createCallKeys({ cluster, names });
  const known = createExpiringMap<true>({ holdMs: ANSWER_MS, max: MOST_KNOWN });
  return async (message: string): Promise<void> => {
    if (!message.startsWith(HEAD)) return;
    const sealed = Buffer.from(message.slice(HEAD.length), 'base64');
    const text = seal.open(sealed, `call ${worker}`);
    const { id, front, isWithdrawable, ...call } = Asked.parse(JSON.parse(text));
    if (known.get(id)) return;
    known.set(id, true);
    // A worker that was frozen, or cut off, finds here what has been done elsewhere by now, or is not wanted any more.
    if (isWithdrawable && !(await keys.take(id))) return;
    const closed = seal.close(await answerToWire(id, carryOut(call)), `answer ${front}`);
    await redis.publish(names.toFront(front), closed.toString('base64'));
  };
}
