import { randomUUID } from 'node:crypto';

import { type Job, Worker } from 'bullmq';

import { type JobData, toSigned } from '../job-queue.ts';
import { SHARED_QUEUE, type Names, toOwnQueue } from '../names.ts';
import type { ClusterRedis } from '../open-redis.ts';
import type { Seal } from '../seal.ts';

export type TakeJobsOptions = {
  cluster: ClusterRedis;
  names: Names;
  seal: Seal;
  worker: string;
  /** Runs at the same time. */
  places: number;
  lockMs: number;
  stalledMs: number;
  carryOut: (run: string) => Promise<void>;
  /** Runs that wait for their callers, and hold no place meanwhile. */
  countWaiting: () => number;
  onProblem: (error: unknown) => void;
};

/** Looks for jobs so often when nobody says that there is one, in milliseconds. */
const LOOK_MS = 1000;

/** Jobs that stall are given to others as often as it takes: the run's own record says when that is enough. */
const MOST_STALLS = 1000;

/** Takes jobs while there is a place for them, this worker's own first. */
export function createTakeJobs(options: TakeJobsOptions) {
  const { places, lockMs, onProblem } = options;
  const token = randomUUID();
  const held = new Map<Job<JobData>, Promise<void>>();
  const queues = openQueues(options);
  const state = { isStopped: false, wake: Promise.withResolvers<void>() };
  const wake = () => state.wake.resolve();

  const loop = async () => {
    while (!state.isStopped) {
      const job =
        held.size - options.countWaiting() < places
          ? await takeFirst(queues, token).catch(onProblem)
          : undefined;
      if (job) {
        held.set(
          job,
          carryOut(job, token, options).finally(() => release(job)),
        );
        continue;
      }
      await state.wake.promise;
      state.wake = Promise.withResolvers();
    }
  };
  const release = (job: Job<JobData>) => {
    held.delete(job);
    wake();
  };
  const look = setInterval(wake, LOOK_MS);
  const looping = loop();
  for (const queue of queues) void queue.startStalledCheckTimer().catch(onProblem);

  return {
    wake,
    /** Keeps the jobs that are at work; one that is lost is with another worker. */
    extendLocks: async (): Promise<void> => {
      await Promise.all([...held.keys()].map((job) => job.extendLock(token, lockMs).catch(ignore)));
    },
    /** Takes no more; resolves when the loop has ended, with what is still at work. */
    stop: async (): Promise<readonly Promise<void>[]> => {
      state.isStopped = true;
      clearInterval(look);
      wake();
      await looping;
      return [...held.values()];
    },
    close: async (): Promise<void> => {
      await Promise.all(queues.map((queue) => queue.close(true)));
    },
  };
}

async function takeFirst(queues: readonly Worker<JobData>[], token: string) {
  for (const queue of queues) {
    const job: Job<JobData> | undefined = await queue.getNextJob(token, { block: false });
    if (job) return job;
  }
  return undefined;
}

async function carryOut(job: Job<JobData>, token: string, options: TakeJobsOptions) {
  const { run, signature } = job.data;
  try {
    if (!options.seal.isSigned(toSigned(run), signature)) {
      throw new Error('A job bears a wrong signature, and was not carried out.');
    }
    await options.carryOut(run);
  } catch (error) {
    options.onProblem(error);
  }
  await job.moveToCompleted(null, token, false).catch(ignore); // another worker may have it by now
}

/** The worker's own queue, and then the one of all. */
function openQueues({ cluster, names, worker, lockMs, stalledMs, onProblem }: TakeJobsOptions) {
  return [toOwnQueue(worker), SHARED_QUEUE].map((name) => {
    const queue = new Worker<JobData>(name, null, {
      connection: cluster.redis,
      prefix: names.prefix,
      autorun: false,
      lockDuration: lockMs,
      stalledInterval: stalledMs,
      maxStalledCount: MOST_STALLS,
    });
    queue.on('error', onProblem);
    return queue;
  });
}

function ignore(): void {}
