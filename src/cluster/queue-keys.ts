import type { Redis } from 'ioredis';

/** What BullMQ keeps of a queue beside its jobs. */
const QUEUE_KEYS =
  'meta id pc marker events stalled stalled-check wait active paused prioritized delayed completed failed'.split(
    ' ',
  );

/** Every key of a queue, and the ids of the jobs in it; `queue` is its name behind the prefix. */
export async function listQueueKeys(
  redis: Redis,
  queue: string,
): Promise<{ keys: readonly string[]; jobs: readonly string[] }> {
  const toKey = (name: string) => `${queue}:${name}`;
  const found = await Promise.all([
    redis.lrange(toKey('wait'), 0, -1),
    redis.lrange(toKey('active'), 0, -1),
    redis.zrange(toKey('prioritized'), '0', '-1'),
  ]);
  const jobs = found.flat();
  return { jobs, keys: [...QUEUE_KEYS, ...jobs.flatMap((job) => [job, `${job}:lock`])].map(toKey) };
}
