import { Queue } from 'bullmq';

import { SHARED_QUEUE, toOwnQueue, type Names } from './names.ts';
import type { ClusterRedis } from './open-redis.ts';
import type { Seal } from './seal.ts';
import { createTaggedQueues } from './tagged-queues.ts';

/** What stands in a job: which run it is about, and that one of the cluster says so. */
export type JobData = { run: string; signature: string };

export type JobQueue = {
  /** Offers a run to all workers, or to one; `round` tells several jobs of one run apart. */
  add: (job: {
    run: string;
    round: number | string;
    turn: number;
    worker?: string | undefined;
    /** What the workers must have to which it is offered. */
    tags?: readonly string[] | undefined;
  }) => Promise<AddedJob>;
  /** Takes back what nobody has taken yet; the rest is found to be unwanted when it is taken. */
  remove: (job: AddedJob) => Promise<void>;
  close: () => Promise<void>;
};

/** Where a job was added. */
export type AddedJob = { queue: string; id: string };

/** BullMQ's priorities go from 1 to this, the smallest first. */
const LAST_PRIORITY = 2_097_151;

/** The queues from which workers take, for those who put runs there. */
export function createJobQueue(
  { cluster, names, seal }: { cluster: ClusterRedis; names: Names; seal: Seal },
  onProblem: (error: unknown) => void,
): JobQueue {
  const tagged = createTaggedQueues({ cluster, names });
  const queues = new Map<string, Queue<JobData>>();
  const open = (name: string) => {
    const known = queues.get(name);
    if (known) return known;
    const queue = new Queue<JobData>(name, {
      connection: cluster.redis,
      prefix: names.prefix,
      defaultJobOptions: { removeOnComplete: true, removeOnFail: true, attempts: 1 },
    });
    queue.on('error', onProblem);
    queues.set(name, queue);
    return queue;
  };
  const findQueue = async (worker: string | undefined, tags: readonly string[]) => {
    if (worker !== undefined) return { name: toOwnQueue(worker), wake: worker };
    if (tags.length > 0) return tagged.note(tags);
    return { name: SHARED_QUEUE, wake: 'all' };
  };
  return {
    async add({ run, round, turn, worker, tags = [] }) {
      const { name, wake } = await findQueue(worker, tags);
      const queue = open(name);
      const id = `${run}-${round}`;
      const data = { run, signature: seal.sign(toSigned(run)) };
      const priority = Math.min(LAST_PRIORITY, turn + 1);
      await queue.add('run', data, { jobId: id, priority });
      await cluster.redis.publish(names.wake, wake);
      return { queue: queue.name, id };
    },
    remove: async ({ queue, id }) => void (await open(queue).remove(id)),
    async close() {
      await Promise.all([...queues.values()].map((queue) => queue.close()));
    },
  };
}

/** What a job's signature signs. */
export function toSigned(run: string): string {
  return `job ${run}`;
}
