import { z } from 'zod';

import { listUnseen, noteSeen } from './last-seen.ts';
import type { ClusterRedis } from './open-redis.ts';
import type { Names } from './names.ts';
import { listQueueKeys } from './queue-keys.ts';

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
  /** Runs of each front, those that wait for their callers too. Workers of an earlier version do not tell: they take no offers. */
  fronts: z.record(z.string(), Count).optional(),
  /** Workers of an earlier version do not tell these three. */
  mostWaiting: Count.default(1),
  tags: z.array(z.string()).default([]),
  planLimits: z
    .array(
      z.object({
        window: z.string(),
        used: z.number(),
        isReached: z.boolean(),
        resetsAtMs: z.number(),
      }),
    )
    .default([]),
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
  const sign = cluster.redis.multi();
  sign.set(names.worker(facts.id), JSON.stringify(facts), 'PX', holdsMs);
  await noteSeen(sign, names.workers, facts.id).exec();
}

/** The workers that live. Those that have long been lost are forgotten. */
export async function readWorkers(parts: Parts): Promise<WorkerFacts[]> {
  const { cluster, names } = parts;
  const ids = await cluster.redis.zrange(names.workers, '0', '-1');
  if (ids.length === 0) return [];
  const texts = await cluster.redis.mget(ids.map((id) => names.worker(id)));
  await forgetLost(parts);
  return texts.flatMap((text) => {
    const read = WorkerFacts.safeParse(text === null ? undefined : JSON.parse(text));
    return read.success ? [read.data] : [];
  });
}

/** Nothing is looked for of a worker that left, nor anything of its queue kept. */
export async function forgetWorker({ cluster, names }: Parts, id: string): Promise<void> {
  const { redis } = cluster;
  const { keys } = await listQueueKeys(redis, `${names.prefix}:${names.ownQueue(id)}`);
  await redis
    .multi()
    .del(names.worker(id), ...keys)
    .zrem(names.workers, id)
    .exec();
}

/** A worker of which nothing was seen for so long, in milliseconds, does not come back. */
const FORGET_MS = 3_600_000;

async function forgetLost(parts: Parts) {
  const { cluster, names } = parts;
  for (const id of await listUnseen(cluster.redis, names.workers, FORGET_MS)) {
    await forgetWorker(parts, id);
  }
}
