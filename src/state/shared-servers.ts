import { randomUUID } from 'node:crypto';

import type { SharedState } from './shared-state.ts';

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
  shared: { toKey, ask },
  id = randomUUID(),
  leaseMs,
  onProblem,
}: SharedServersOptions): Promise<SharedServer> {
  const toLease = (server: string) => toKey('server', server);
  /** Since when signs were given without a break. */
  let steadySinceMs = performance.now();
  let lastMs = steadySinceMs;

  const renew = async () => {
    await ask((redis) => redis.set(toLease(id), '1', 'PX', leaseMs));
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
