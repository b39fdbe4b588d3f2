import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

import type { SharedState } from '../state/shared-state.ts';
import { createSessionLocks, type SessionLocks } from './session-locks.ts';

export type ClusterLocksOptions = {
  shared: SharedState;
  /** After this time without a sign of life of its server a lock is free, in milliseconds. */
  leaseMs: number;
  /** Told of what could not be renewed or released: that ends by itself. */
  onProblem: (error: unknown) => void;
};

const LOOK_AGAIN_MS = 100;

/** Renews a lock, one that ran out while Redis was away, too. ARGV: token, lease in milliseconds. */
const RENEW = `
local holder = redis.call('GET', KEYS[1])
if not holder or holder == ARGV[1] then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
`;

/** ARGV: token. */
const RELEASE = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
`;

/** Makes locks that hold among all servers of a cluster. All throw `queue-timeout` while Redis is away. */
export function createClusterLocks({
  shared: { toKey, ask, run },
  leaseMs,
  onProblem,
}: ClusterLocksOptions): SessionLocks {
  const own = createSessionLocks();
  const toName = (id: string) => toKey('session-lock', id);

  /** Returns the release, or undefined when another server has it. */
  const tryTake = async (id: string) => {
    const name = toName(id);
    const token = randomUUID();
    const taken = await ask((redis) => redis.set(name, token, 'PX', leaseMs, 'NX'));
    if (taken === null) return undefined;
    const renew = () => void run(RENEW, [name], [token, leaseMs]).catch(onProblem);
    const timer = setInterval(renew, leaseMs / 3).unref();
    return () => {
      clearInterval(timer);
      void run(RELEASE, [name], [token]).catch(onProblem);
    };
  };

  return {
    isHeld: async (id) =>
      (await own.isHeld(id)) || (await ask((redis) => redis.exists(toName(id)))) === 1,
    async tryAcquire(id) {
      const release = await own.tryAcquire(id);
      if (!release) return undefined;
      const free = await tryTake(id).catch((error: unknown) => giveBack(release, error));
      if (!free) release();
      return free && toBoth(free, release);
    },
    async acquire(id, signal) {
      const release = await own.acquire(id, signal);
      try {
        for (;;) {
          const free = await tryTake(id);
          if (free) return toBoth(free, release);
          await delay(LOOK_AGAIN_MS, undefined, { signal });
        }
      } catch (error) {
        release();
        signal?.throwIfAborted();
        throw error;
      }
    },
    forget: () => {},
  };
}

/** The one of all first: the next one here would meet it. */
function toBoth(free: () => void, release: () => void) {
  let isReleased = false;
  return () => {
    if (isReleased) return;
    isReleased = true;
    free();
    release();
  };
}

function giveBack(release: () => void, error: unknown): never {
  release();
  throw error;
}
