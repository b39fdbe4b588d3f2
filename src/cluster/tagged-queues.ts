import { z } from 'zod';

import { listUnseen, noteSeen } from './last-seen.ts';
import type { Names } from './names.ts';
import type { ClusterRedis } from './open-redis.ts';
import { listQueueKeys } from './queue-keys.ts';

/** In one order, so that the same tags are one queue. */
const Tags = z.array(z.string()).min(1);

/** Begins what workers hear when a run for tagged ones was added; the tags as JSON follow. */
const HEAD = 'tags ';

/** A queue for which nothing came for so long, and in which nothing waits, is forgotten, in milliseconds. */
const FORGET_MS = 3_600_000;

/** Which queues there are for runs that only workers with certain tags may have. */
export function createTaggedQueues({ cluster, names }: { cluster: ClusterRedis; names: Names }) {
  const { redis } = cluster;

  async function forget(text: string) {
    const name = names.taggedQueue(Tags.parse(JSON.parse(text)));
    const { keys, jobs } = await listQueueKeys(redis, `${names.prefix}:${name}`);
    if (jobs.length > 0) return;
    await redis
      .multi()
      .zrem(names.taggedQueues, text)
      .del(...keys)
      .exec();
  }

  return {
    /** Notes that a run is added for workers with these tags. Resolves with their queue, and with how they are woken. */
    async note(tags: readonly string[]): Promise<{ name: string; wake: string }> {
      const set = [...new Set(tags)].toSorted();
      const text = JSON.stringify(set);
      await noteSeen(redis, names.taggedQueues, text);
      return { name: names.taggedQueue(set), wake: `${HEAD}${text}` };
    },
    /** The tags of all queues. Those that nobody uses any more are forgotten. */
    async list(): Promise<readonly (readonly string[])[]> {
      for (const text of await listUnseen(redis, names.taggedQueues, FORGET_MS)) await forget(text);
      const texts = await redis.zrange(names.taggedQueues, '0', '-1');
      return texts.map((text) => Tags.parse(JSON.parse(text)));
    },
  };
}

/** The tags of which a worker hears; `undefined` when it hears something else. */
export function readWakeTags(message: string): readonly string[] | undefined {
  if (!message.startsWith(HEAD)) return undefined;
  return Tags.parse(JSON.parse(message.slice(HEAD.length)));
}
