import type { Redis } from 'ioredis';

import type { Seal } from './seal.ts';

/**
 * Throws one sentence when others work here with another secret: each would take what the others ask, could not read
 * it, and it would be lost. The first of a cluster says which secret it is, without telling it.
 */
export async function checkSecret(redis: Redis, prefix: string, seal: Seal): Promise<void> {
  const name = `${prefix}:secret`;
  const own = seal.sign('the secret of a cluster');
  const known = (await redis.get(name)) ?? (await redis.set(name, own, 'NX', 'GET')) ?? own;
  if (known === own) return;
  throw new Error(
    `CLUSTER_SECRET is not the one of the others that use this Redis with the CLUSTER_PREFIX ${prefix}: set theirs, or another CLUSTER_PREFIX.`,
  );
}
