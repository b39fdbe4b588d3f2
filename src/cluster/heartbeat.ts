import type { Redis } from 'ioredis';

import { withinOwnTime } from '../common/within.ts';

/** How often it is asked whether Redis is there, in milliseconds. */
const BEAT_MS = 1000;

/** Longest wait for what it says, in milliseconds. */
const ANSWER_MS = 3000;

/** The same on the other connections, where more may be before it on a busy machine. */
const OTHERS_MS = 10_000;

/** Of the connection on which nothing is but the heartbeat. */
export const HEARTBEAT = { connectTimeout: ANSWER_MS, socketTimeout: ANSWER_MS };

export type HeartbeatOptions = {
  /** Opened with the options `HEARTBEAT`: where it is not answered, it opens itself anew. */
  beat: Redis;
  /** Every connection that there is now, the heartbeat's among them. */
  all: readonly Redis[];
  onProblem: (error: unknown) => void;
};

/**
 * Notices connections whose packets vanish: behind a cut cable, or a router that forgot them. TCP itself takes a quarter
 * of an hour for that, and waits up to two minutes before it sends again what was lost. So pings go over a connection
 * of their own, where no large request is before them. When a new one is answered after the last one was not, the
 * others have to answer, too, or are opened anew, and what was asked there is asked again. Returns what ends it.
 */
export function startHeartbeat({ beat, all, onProblem }: HeartbeatOptions): () => void {
  let asking: Promise<unknown> | undefined;
  const ask = () => {
    asking ??= beat
      .ping()
      .catch(onProblem)
      .finally(() => (asking = undefined));
  };
  const check = async (connection: Redis) => {
    if (connection === beat || connection.status === 'end') return;
    // One that was just opening when it was cut off would wait for Redis' first words for ever.
    const answer = await withinOwnTime(connection.ping().catch(onProblem), OTHERS_MS);
    if (answer === undefined) connection.disconnect(true);
  };
  beat.on('ready', () => void Promise.all(all.map(check)));
  const timer = setInterval(ask, BEAT_MS).unref();
  return () => clearInterval(timer);
}
