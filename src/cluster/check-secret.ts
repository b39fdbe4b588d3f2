import type { Redis } from 'ioredis';

import { createNames } from './names.ts';
import type { Seal } from './seal.ts';

export type CheckSecretOptions = {
  /** What every key of the cluster begins with. */
  prefix: string;
  seal: Seal;
  /** Default: no, it takes part. */
  onlyLooks?: boolean;
};

/**
 * Throws one sentence when others work here with another secret: each would take what the others ask, could not read
 * it, and it would be lost. The first of a cluster says which secret it is, without telling it; who only looks does not.
 */
export async function checkSecret(
  redis: Redis,
  { prefix, seal, onlyLooks = false }: CheckSecretOptions,
): Promise<void> {
  const name = createNames(prefix).secret;
  const own = seal.sign('the secret of a cluster');
  const say = () => (onlyLooks ? null : redis.set(name, own, 'NX', 'GET'));
  const known = (await redis.get(name)) ?? (await say()) ?? own;
  if (known === own) return;
  throw new Error(
    `CLUSTER_SECRET is not the one of the others that use this Redis with the CLUSTER_PREFIX ${prefix}: set theirs, or another CLUSTER_PREFIX.`,
  );
}
