import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';

import type { SharedState } from './shared-state.ts';

/** Gives a sign of life that holds for ARGV[3] milliseconds. ARGV: name, host. KEYS: the sign, and all servers. */
const SIGN = `
redis.call('SET', KEYS[1], '1', 'PX', ARGV[3])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
redis.call('PEXPIRE', KEYS[2], math.max(ARGV[3], redis.call('PTTL', KEYS[2])))
`;

/** The names of those that live, each followed by its host; those that do not are forgotten. ARGV: what signs begin with. */
const LIST = `
local found = {}
local all = redis.call('HGETALL', KEYS[1])
for index = 1, #all, 2 do
  if redis.call('EXISTS', ARGV[1] .. all[index]) == 0 then redis.call('HDEL', KEYS[1], all[index])
  else
    found[#found + 1] = all[index]
    found[#found + 1] = all[index + 1]
  end
end
return found
`;

export type SharedServersOptions = {
  shared: SharedState;
  /** Names this server among those of all times. Default: a new name. */
  id?: string | undefined;
  /** After this time without a sign of life a server is lost, in milliseconds. */
  leaseMs: number;
  /** Told of each sign of life that could not be given. */
  onProblem: (error: unknown) => void;
};

/** A server of a cluster, as it is known to the others. */
export type SharedServer = {
  /** Names it among the servers of all times. */
  id: string;
  /** Whether the server of this name lives; nobody counts as lost just after Redis was away. */
  isRunning: (id: string) => Promise<boolean>;
  /** Tells the others that it has ended. Never throws. */
  close: () => Promise<void>;
};

/** Gives signs of life of this server, and sees those of the others. Throws `queue-timeout` while Redis is away. */
export async function joinCluster({
  shared: { toKey, ask, run },
  id = randomUUID(),
  leaseMs,
  onProblem,
}: SharedServersOptions): Promise<SharedServer> {
  const toLease = (server: string) => toKey('server', server);
  /** Since when signs were given without a break. */
  let steadySinceMs = performance.now();
  let lastMs = steadySinceMs;

  const renew = async () => {
    await run(SIGN, [toLease(id), toKey('servers')], [id, hostname(), leaseMs]);
    const nowMs = performance.now();
    // Whoever was frozen, or without Redis, cannot tell who else was.
    if (nowMs - lastMs > leaseMs / 2) steadySinceMs = nowMs;
    lastMs = nowMs;
  };
  await renew();
  const timer = setInterval(() => void renew().catch(onProblem), leaseMs / 6).unref();

  return {
    id,
    async isRunning(other) {
      if (other === id) return true;
      if ((await ask((redis) => redis.exists(toLease(other)))) === 1) return true;
      const nowMs = performance.now();
      return nowMs - steadySinceMs < leaseMs || nowMs - lastMs > leaseMs / 2;
    },
    async close() {
      clearInterval(timer);
      await ask((redis) => redis.del(toLease(id))).catch(onProblem); // it ends by itself, too
    },
  };
}

/** The servers that live, as far as Redis knows; others may be on their hosts. Throws `queue-timeout` while it is away. */
export async function listServers({
  toKey,
  run,
}: Pick<SharedState, 'toKey' | 'run'>): Promise<{ id: string; host: string }[]> {
  const found = (await run(LIST, [toKey('servers')], [toKey('server', '')])) as string[]; // as LIST returns
  const ids = found.filter((_, index) => index % 2 === 0);
  return ids.map((id, index) => ({ id, host: found[index * 2 + 1] ?? '' }));
}
