import type { ChainableCommander, Redis } from 'ioredis';

/**
 * When something was last seen, in a sorted set of Redis, by the clock of Redis: what one machine notes another one looks
 * at, and their own clocks may differ by hours.
 */

/** ARGV: what was seen. */
const NOTE = `redis.call('ZADD', KEYS[1], redis.call('TIME')[1] * 1000, ARGV[1])`;

/** ARGV: for how long it was not seen, in milliseconds. */
const LIST = `return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', redis.call('TIME')[1] * 1000 - ARGV[1])`;

/** Notes that it was seen now. */
export function noteSeen<Asked extends Redis | ChainableCommander>(
  redis: Asked,
  key: string,
  what: string,
): ReturnType<Asked['eval']> {
  return redis.eval(NOTE, 1, key, what) as ReturnType<Asked['eval']>;
}

/** What was not seen for so long, in milliseconds. */
export async function listUnseen(
  redis: Redis,
  key: string,
  forMs: number,
): Promise<readonly string[]> {
  return (await redis.eval(LIST, 1, key, forMs)) as readonly string[]; // as it returns
}
