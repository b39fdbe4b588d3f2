import { randomUUID } from 'node:crypto';

import { withinOwnTime } from '../common/within.ts';
import type { Names } from './names.ts';
import type { ClusterRedis } from './open-redis.ts';

/** What stands under the key of a call that nobody has begun with. */
const FREE = 'free';

/** Longest time to take a call back, in milliseconds. */
const WITHDRAW_MS = 1000;

/**
 * Whose a call is: that of the first who takes its key, the worker that is asked, or its front, which has it back then.
 * Each of these may reach Redis twice, as its answer was lost with the connection.
 */
export function createCallKeys({ cluster, names }: { cluster: ClusterRedis; names: Names }) {
  const { redis } = cluster;
  return {
    /** A worker may begin with it, for so many milliseconds. */
    put: (id: string, forMs: number) => redis.set(names.call(id), FREE, 'PX', forMs, 'NX'),
    /** Resolves with whether the worker may begin. */
    async take(id: string): Promise<boolean> {
      const own = randomUUID();
      const found = await redis.set(names.call(id), own, 'KEEPTTL', 'XX', 'GET');
      return found === FREE || found === own;
    },
    /** Resolves with whether the worker has not begun with it, and never will. */
    withdraw: async (id: string): Promise<boolean> =>
      (await withinOwnTime(redis.getdel(names.call(id)), WITHDRAW_MS)) === FREE,
  };
}
