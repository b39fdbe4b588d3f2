import { Job, Queue } from 'bullmq';

import type { Names } from './names.ts';
import { type ClusterRedis, inOnePacket } from './open-redis.ts';
import type { Seal } from './seal.ts';
import { createTaggedQueues } from './tagged-queues.ts';

/** What stands in a job: which run it is about, and that one of the cluster says so. */
export type JobData = { run: string; signature: string };

export type NewJob = {
  run: string;
  round: number | string;
  /** From 1 to `LAST_PRIORITY`, the smallest first. */
  priority: number;
  worker?: string | undefined;
  /** What the workers must have to which it is offered. */
  tags?: readonly string[] | undefined;
};

export type JobQueue = {
  /** Offers a run to all workers, or to one; `round` tells several jobs of one run apart. */
  add: (job: NewJob) => Promise<AddedJob>;
  /** Moves all that wait forward by so many priorities. */
  moveForward: (by: number) => Promise<void>;
  /** Takes back what nobody has taken yet; the rest is found to be unwanted when it is taken. */
  remove: (job: AddedJob) => Promise<void>;
  close: () => Promise<void>;
};

/** Where a job was added. */
export type AddedJob = { queue: string; id: string };

/** Queues that are open at once: callers may ask for whatever tags they like, and workers come and go. */
const MOST_OPEN = 100;

/** How a run that has had its turn already waits anew: before all others. */
export const FIRST_PRIORITY = 1;

/** A job is gone when it has ended, however it did. */
const KEEP_NOTHING = { removeOnComplete: true, removeOnFail: true, attempts: 1 };

/** The queues from which workers take, for those who put runs there. */
export function createJobQueue(
  { cluster, names, seal }: { cluster: ClusterRedis; names: Names; seal: Seal },
  onProblem: (error: unknown) => void,
): JobQueue {
  const tagged = createTaggedQueues({ cluster, names });
  const { open, close } = createOpened({ cluster, names }, onProblem);
  const findQueue = async (worker: string | undefined, tags: readonly string[]) => {
    if (worker !== undefined) return { name: names.ownQueue(worker), wake: worker };
    if (tags.length > 0) return tagged.note(tags);
    return { name: names.sharedQueue, wake: 'all' };
  };
  return {
    async add({ run, round, priority, worker, tags = [] }) {
      const { name, wake } = await findQueue(worker, tags);
      const queue = open(name);
      const id = `${run}-${round}`;
      const data = { run, signature: seal.sign(toSigned(run)) };
      const job = new Job<JobData>(
        queue,
        'run',
        data,
        { ...KEEP_NOTHING, jobId: id, priority },
        id,
      );
      const client = await queue.backend.client;
      // In this order, so that who is woken finds the job, and with no waiting in between.
      await inOnePacket(cluster.redis, () =>
        Promise.all([job.addJob(client), cluster.redis.publish(names.wake, wake)]),
      );
      return { queue: queue.name, id };
    },
    async moveForward(by) {
      const workers = await cluster.redis.zrange(names.workers, '0', '-1');
      const queuesOfTags = (await tagged.list()).map(names.taggedQueue);
      for (const name of [names.sharedQueue, ...workers.map(names.ownQueue), ...queuesOfTags]) {
        for (const job of await open(name).getPrioritized()) {
          const priority = Math.max(FIRST_PRIORITY, job.priority - by);
          await job.changePriority({ priority }).catch(onProblem); // it may have been taken
        }
      }
    },
    remove: async ({ queue, id }) => void (await open(queue).remove(id)),
    close,
  };
}

/** Opens queues by their names, and keeps open those that were used last. */
function createOpened(
  { cluster, names }: { cluster: ClusterRedis; names: Names },
  onProblem: (error: unknown) => void,
) {
  const queues = new Map<string, Queue<JobData>>();

  const create = (name: string) => {
    const queue = new Queue<JobData>(name, {
      connection: cluster.redis,
      prefix: names.prefix,
    });
    return queue.on('error', onProblem);
  };

  const closeOldest = () => {
    const [oldest] = queues;
    if (!oldest) return;
    const [name, queue] = oldest;
    queues.delete(name);
    void queue.close().catch(onProblem); // what it is about to do it does: the connection stays
  };

  return {
    open: (name: string): Queue<JobData> => {
      const queue = queues.get(name) ?? create(name);
      queues.delete(name);
      queues.set(name, queue);
      if (queues.size > MOST_OPEN) closeOldest();
      return queue;
    },
    close: async (): Promise<void> => {
      await Promise.all([...queues.values()].map((queue) => queue.close()));
    },
  };
}

/** What a job's signature signs. */
export function toSigned(run: string): string {
  return `job ${run}`;
}
