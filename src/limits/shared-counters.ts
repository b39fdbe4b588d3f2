import { RunError } from '../run-error.ts';
import type { SharedState } from '../state/shared-state.ts';
import { type Count, type CounterName, type Counters, WINDOW_SECONDS } from './counters.ts';

/** Adds to a count; its first use begins its window. ARGV: amount, window in milliseconds. */
const ADD = `
local used = redis.call('INCRBY', KEYS[1], ARGV[1])
if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return {used, redis.call('PTTL', KEYS[1])}
`;

const READ = `
return {tonumber(redis.call('GET', KEYS[1]) or 0), math.max(0, redis.call('PTTL', KEYS[1]))}
`;

type Unwritten = { name: CounterName; keyId: string; amount: number; untilMs: number };

/**
 * Counters of a cluster, in its Redis: each limit holds over all servers together. While Redis is away they throw
 * `queue-timeout`, except for what was used already, which is remembered and added when it is back.
 */
export function createSharedCounters({ toKey, run }: SharedState): Counters {
  const unwritten = new Map<string, Unwritten>();

  const call = async (script: string, name: CounterName, keyId: string, values: number[]) => {
    const answer = await run(script, [toKey('count', name, keyId)], values);
    const [used, msLeft] = answer as [number, number]; // as both scripts return
    return { used, msLeft };
  };
  const write = (name: CounterName, keyId: string, amount: number): Promise<Count> =>
    call(ADD, name, keyId, [amount, WINDOW_SECONDS[name] * 1000]);

  /** Adds what is remembered of a count, unless its window is over by now. */
  async function catchUp(name: CounterName, keyId: string) {
    const key = toKey(name, keyId);
    const left = unwritten.get(key);
    if (!left) return;
    unwritten.delete(key); // whoever comes meanwhile must not add it, too
    if (left.untilMs <= Date.now()) return;
    await write(name, keyId, left.amount).catch((error: unknown) => {
      remember(name, keyId, left.amount);
      throw error;
    });
  }

  function remember(name: CounterName, keyId: string, amount: number) {
    const key = toKey(name, keyId);
    const untilMs = Date.now() + WINDOW_SECONDS[name] * 1000;
    const before = unwritten.get(key);
    unwritten.set(key, { untilMs, ...before, name, keyId, amount: (before?.amount ?? 0) + amount });
  }

  return {
    async read(name, keyId) {
      await catchUp(name, keyId);
      return call(READ, name, keyId, []);
    },
    async add(name, keyId, amount) {
      try {
        await catchUp(name, keyId);
        return await write(name, keyId, amount);
      } catch (error) {
        // A request that cannot be counted is not let in; tokens and dollars are spent already.
        if (name === 'requestsPerMinute' || !(error instanceof RunError)) throw error;
        remember(name, keyId, amount);
        return { used: amount, msLeft: WINDOW_SECONDS[name] * 1000 };
      }
    },
    isInMemory: () => false,
    async removeExpired() {
      for (const { name, keyId } of unwritten.values()) await catchUp(name, keyId);
    },
  };
}
