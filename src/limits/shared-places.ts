import { randomUUID } from 'node:crypto';

import { within } from '../common/within.ts';
import type { SharedState } from '../state/shared-state.ts';
import { type Places, toPlacesError } from './places.ts';

/** Redis's own clock, in milliseconds since 1970. */
const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/** Takes a place until a lease is over. ARGV: id, most, lease in milliseconds. Returns whether there was one. */
const TAKE = `${NOW}
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
`;

/** Renews leases, those that ran out while Redis was away, too. ARGV: lease in milliseconds, ids. */
const RENEW = `${NOW}
for index = 2, #ARGV do redis.call('ZADD', KEYS[1], now + ARGV[1], ARGV[index]) end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
`;

const COUNT = `${NOW}
return redis.call('ZCOUNT', KEYS[1], '(' .. string.format('%.0f', now), '+inf')
`;

/** Longest wait for Redis to hear that a place is free, in milliseconds: its lease ends by itself. */
const FAREWELL_MS = 500;

export type SharedPlacesOptions = {
  shared: SharedState;
  /** After this time without a sign of life of its server a place is free, in milliseconds. */
  leaseMs: number;
};

/**
 * Counts the requests of a cluster's keys that are under way, over all its servers. Keys without a limit are not
 * counted. Throws `queue-timeout` while Redis is away.
 */
export function createSharedPlaces({
  shared: { toKey, ask, run },
  leaseMs,
}: SharedPlacesOptions): Places & { close: () => void } {
  /** The places that are taken here, and by which key. */
  const taken = new Map<string, string>();
  const toName = (keyId: string) => toKey('places', keyId);

  const renew = async () => {
    for (const [keyId, places] of Map.groupBy(taken, ([, owner]) => owner)) {
      const ids = places.map(([id]) => id).filter((id) => taken.has(id));
      if (ids.length > 0) await run(RENEW, [toName(keyId)], [leaseMs, ...ids]).catch(ignore);
    }
  };
  const timer = setInterval(() => void renew(), leaseMs / 3).unref();

  const leave = async (id: string, keyId: string) => {
    taken.delete(id);
    const leaving = ask((redis) => redis.zrem(toName(keyId), id));
    await within(leaving.catch(ignore), FAREWELL_MS);
  };

  return {
    async take({ id: keyId, runningAtOnce }) {
      if (runningAtOnce === undefined) return ignore;
      const id = randomUUID();
      const isTaken = await run(TAKE, [toName(keyId)], [id, runningAtOnce, leaseMs]);
      if (isTaken !== 1) throw toPlacesError(runningAtOnce);
      taken.set(id, keyId);
      return () => leave(id, keyId);
    },
    count: async (keyId) => Number(await run(COUNT, [toName(keyId)])),
    close: () => clearInterval(timer),
  };
}

async function ignore(): Promise<void> {}
