import { Worker } from 'bullmq';

import { hasTags } from '../../common/tags.ts';
import type { JobData } from '../job-queue.ts';
import type { Names } from '../names.ts';
import type { ClusterRedis } from '../open-redis.ts';

export type OpenQueuesOptions = {
  cluster: ClusterRedis;
  names: Names;
  worker: string;
  /** What it has now: an account may come later, or change. */
  readTags: () => readonly string[];
  lockMs: number;
  stalledMs: number;
  onProblem: (error: unknown) => void;
};

/** Jobs that stall are given to others as often as it takes: the run's own record says when that is enough. */
const MOST_STALLS = 1000;

/** The queues from which a worker takes. */
export function createOpenQueues(options: OpenQueuesOptions) {
  const open = (name: string) => openQueue(name, options);
  const { names } = options;
  const own = open(names.ownQueue(options.worker));
  const shared = open(names.sharedQueue);
  const tagged = new Map<string, { tags: readonly string[]; queue: Worker<JobData> }>();
  let round = 0;

  const noteTags = (tags: readonly string[]) => {
    const name = names.taggedQueue(tags);
    if (tagged.has(name) || !hasTags({ tags: options.readTags() }, tags)) return;
    tagged.set(name, { tags, queue: open(name) });
  };

  return {
    /** In the order in which it is looked for a job: the worker's own first, then each of the others is the first in turn. */
    inTurn(): readonly Worker<JobData>[] {
      const mine = { tags: options.readTags() };
      const fitting = [...tagged.values()].filter(({ tags }) => hasTags(mine, tags));
      const others = [shared, ...fitting.map(({ queue }) => queue)];
      const first = (round += 1) % others.length;
      return [own, ...others.slice(first), ...others.slice(0, first)];
    },
    /** Takes from the queue for these tags, too, if the worker has them. */
    noteTags,
    /** Takes from these, and from no other tags' any more. */
    async keepTags(all: readonly (readonly string[])[]): Promise<void> {
      for (const tags of all) noteTags(tags);
      const wanted = new Set(all.map(names.taggedQueue));
      for (const [name, { queue }] of tagged) {
        if (wanted.has(name)) continue;
        tagged.delete(name);
        await queue.close(true);
      }
    },
    async close(): Promise<void> {
      const all = [own, shared, ...[...tagged.values()].map(({ queue }) => queue)];
      await Promise.all(all.map((queue) => queue.close(true)));
    },
  };
}

function openQueue(name: string, options: OpenQueuesOptions) {
  const queue = new Worker<JobData>(name, null, {
    connection: options.cluster.redis,
    prefix: options.names.prefix,
    autorun: false,
    lockDuration: options.lockMs,
    stalledInterval: options.stalledMs,
    maxStalledCount: MOST_STALLS,
  });
  queue.on('error', options.onProblem);
  void queue.startStalledCheckTimer().catch(options.onProblem);
  return queue;
}
