import { type Job, Worker } from 'bullmq';

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
  /** Those that had nothing when they were last asked, and of which nothing was heard since. */
  const empty = new Set<Worker<JobData>>();
  let round = 0;

  const noteTags = (tags: readonly string[]) => {
    const name = names.taggedQueue(tags);
    if (tagged.has(name) || !hasTags({ tags: options.readTags() }, tags)) return;
    tagged.set(name, { tags, queue: open(name) });
  };

  const inTurn = () => {
    const mine = { tags: options.readTags() };
    const fitting = [...tagged.values()].filter(({ tags }) => hasTags(mine, tags));
    const others = [shared, ...fitting.map(({ queue }) => queue)];
    const first = (round += 1) % others.length;
    return [own, ...others.slice(first), ...others.slice(0, first)];
  };

  return {
    /**
     * The next job of those queues that may have one: each is a way to Redis and back. The worker's own is the first,
     * then each of the others is in turn.
     */
    take: (token: string) => takeFirst(inTurn(), empty, token),
    /** Something was added to the worker's own queue, to the one of all, to that of these tags, or to any. */
    noteAdded(to: 'own' | 'shared' | 'any' | readonly string[]): void {
      if (to === 'any') empty.clear();
      else if (to === 'own') empty.delete(own);
      else if (to === 'shared') empty.delete(shared);
      else {
        noteTags(to);
        const queue = tagged.get(names.taggedQueue(to))?.queue;
        if (queue) empty.delete(queue);
      }
    },
    /** Takes from these, and from no other tags' any more. */
    async keepTags(all: readonly (readonly string[])[]): Promise<void> {
      for (const tags of all) noteTags(tags);
      const wanted = new Set(all.map(names.taggedQueue));
      for (const [name, { queue }] of tagged) {
        if (wanted.has(name)) continue;
        tagged.delete(name);
        empty.delete(queue);
        await queue.close(true);
      }
    },
    async close(): Promise<void> {
      const all = [own, shared, ...[...tagged.values()].map(({ queue }) => queue)];
      await Promise.all(all.map((queue) => queue.close(true)));
    },
  };
}

async function takeFirst(
  queues: readonly Worker<JobData>[],
  empty: Set<Worker<JobData>>,
  token: string,
): Promise<Job<JobData> | undefined> {
  for (const queue of queues) {
    if (empty.has(queue)) continue;
    empty.add(queue); // before it is asked: what is added meanwhile is heard of
    const job: Job<JobData> | undefined = await queue.getNextJob(token, { block: false });
    if (!job) continue;
    empty.delete(queue);
    return job;
  }
  return undefined;
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
