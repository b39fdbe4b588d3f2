import { z } from 'zod';

import type { ClusterRedis } from './open-redis.ts';
import type { Names } from './names.ts';

const Count = z.number();

/** What a worker says of itself at each sign of life. */
const WorkerFacts = z.object({
  id: z.string(),
  host: z.string(),
  version: z.string(),
  wire: Count,
  /** Runs that it takes at the same time, and has now. */
  places: Count,
  running: Count,
  isDraining: z.boolean(),
  loggedIn: z.boolean().nullable(),
  account: z.string().nullable(),
  cliVersion: z.string(),
  processes: z.object({ running: Count, ready: Count, kept: Count, suspended: Count }),
  /** Milliseconds since 1970, by its own clock. */
  seenAt: Count,
});

export type WorkerFacts = z.infer<typeof WorkerFacts>;

type Parts = { cluster: ClusterRedis; names: Names };

/** Gives a sign of life, which holds for so many milliseconds. */
export async function tellWorker(
  { cluster, names }: Parts,
  facts: WorkerFacts,
  holdsMs: number,
): Promise<void> {
  await cluster.redis
    .multi()
    .set(names.worker(facts.id), JSON.stringify(facts), 'PX', holdsMs)
    .zadd(names.workers, Date.now(), facts.id)
    .exec();
}

/** The workers that live. */
export async function readWorkers({ cluster, names }: Parts): Promise<WorkerFacts[]> {
  const ids = await cluster.redis.zrange(names.workers, '0', '-1');
  if (ids.length === 0) return [];
  const texts = await cluster.redis.mget(ids.map((id) => names.worker(id)));
  return texts.flatMap((text) => {
    const read = WorkerFacts.safeParse(text === null ? undefined : JSON.parse(text));
    return read.success ? [read.data] : [];
  });
}

/** A worker that left, or was lost, is not looked for any more. */
export async function forgetWorker({ cluster, names }: Parts, id: string): Promise<void> {
  await cluster.redis.multi().del(names.worker(id)).zrem(names.workers, id).exec();
}
