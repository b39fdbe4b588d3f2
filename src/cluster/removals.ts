import type { Names } from './names.ts';
import type { ClusterRedis } from './open-redis.ts';
import type { Seal } from './seal.ts';

/** How long it stands in Redis what a worker that is away has to remove, in milliseconds. */
const KEPT_MS = 30 * 24 * 3_600_000;

/** Time until what failed is tried again, in milliseconds. */
const LATER_MS = 600_000;

/** Time after which it is removed once more, in milliseconds: a CLI that was being ended may have written meanwhile. */
const AGAIN_MS = 10_000;

const MOST_AT_ONCE = 1000;

/** All by the clock of Redis, as in `last-seen.ts`. ARGV: in how many milliseconds it is tried, and what. */
const NOTE = `redis.call('ZADD', KEYS[1], redis.call('TIME')[1] * 1000 + ARGV[1], ARGV[2])`;

/** The same, unless another worker has removed it meanwhile. */
const PUT_OFF = `redis.call('ZADD', KEYS[1], 'XX', redis.call('TIME')[1] * 1000 + ARGV[1], ARGV[2])`;

/** ARGV: how many at most. Returns what is to be tried now. */
const LIST_DUE = `return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', redis.call('TIME')[1] * 1000, 'LIMIT', 0, ARGV[1])`;

export type CarryOutRemovals = {
  /** Removes a session's transcript. */
  remove: (sessionId: string) => Promise<void>;
  onProblem: (error: unknown) => void;
};

type Parts = { cluster: ClusterRedis; names: Names; seal: Seal };

export type Removals = ReturnType<typeof createRemovals>;

/**
 * Transcripts that are to be removed where they are, by a worker that may be away now. A worker removes what a front has
 * named, encrypted, and never what is merely unknown: a Redis that has lost everything costs no transcript.
 */
export function createRemovals({ cluster, names, seal }: Parts) {
  const { redis } = cluster;
  return {
    async note(home: string, sessionId: string): Promise<void> {
      const key = names.removals(home);
      const adding = redis.multi();
      for (const inMs of [0, AGAIN_MS]) {
        adding.eval(NOTE, 1, key, inMs, seal.close(sessionId, toPlace(home)).toString('base64'));
      }
      await adding.pexpire(key, KEPT_MS).exec();
    },
    /** Removes what a home is to remove. What fails is told, and tried again later. */
    async carryOut(home: string, { remove, onProblem }: CarryOutRemovals): Promise<void> {
      const key = names.removals(home);
      const due = (await redis.eval(LIST_DUE, 1, key, MOST_AT_ONCE)) as readonly string[]; // as it returns
      for (const member of due) {
        try {
          await remove(seal.open(Buffer.from(member, 'base64'), toPlace(home)));
          await redis.zrem(key, member);
        } catch (error) {
          onProblem(error);
          await redis.eval(PUT_OFF, 1, key, LATER_MS, member);
        }
      }
    },
  };
}

/** Where what is sealed for a home belongs. */
function toPlace(home: string) {
  return `removal ${home}`;
}
