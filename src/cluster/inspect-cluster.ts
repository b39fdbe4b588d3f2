import { createNames } from './names.ts';
import { openRedis } from './open-redis.ts';
import { createSeal } from './seal.ts';
import { readWorkers, type WorkerFacts } from './worker-list.ts';

export type ClusterFacts = {
  /** Of Redis, or the Redis that a Valkey is compatible with. */
  redisVersion: string;
  /** Whether what is stored outlives the end of Redis: `appendonly yes`. */
  isLasting: boolean;
  /** What Redis does when its memory is full: `noeviction` throws nothing away. */
  evictionPolicy: string;
  workers: readonly WorkerFacts[];
};

/** Looks at a cluster, and leaves nothing there. Throws one sentence when its Redis cannot be used with these settings. */
export async function inspectCluster(options: {
  redisUrl: string;
  secret: string;
  prefix: string;
}): Promise<ClusterFacts> {
  const { redisUrl: url, prefix } = options;
  const seal = createSeal(options.secret);
  const cluster = await openRedis({ url, prefix, seal, onlyLooks: true, onProblem: () => {} });
  try {
    const [info, workers] = await Promise.all([
      cluster.redis.info(),
      readWorkers({ cluster, names: createNames(prefix) }),
    ]);
    const read = (name: string) => new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1] ?? 'unknown';
    return {
      redisVersion: read('redis_version'),
      isLasting: read('aof_enabled') === '1',
      evictionPolicy: read('maxmemory_policy'),
      workers,
    };
  } finally {
    cluster.close();
  }
}
