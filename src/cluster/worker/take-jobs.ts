import { randomUUID } from 'node:crypto';

import type { Job } from 'bullmq';

import { type JobData, toSigned } from '../job-queue.ts';
import type { Seal } from '../seal.ts';
import { createOpenQueues, type OpenQueuesOptions } from './open-queues.ts';

export type TakeJobsOptions = OpenQueuesOptions & {
  seal: Seal;
  /** Runs at the same time. */
  places: number;
  carryOut: (run: string) => Promise<void>;
  /** Runs that wait for their callers, and hold no place meanwhile. */
  countWaiting: () => number;
};

/** Looks for jobs so often when nobody says that there is one, in milliseconds. */
const LOOK_MS = 1000;

/** Takes jobs while there is a place for them, this worker's own first. */
export function createTakeJobs(options: TakeJobsOptions) {
  const { places, lockMs, onProblem } = options;
  const token = randomUUID();
  const held = new Map<Job<JobData>, Promise<void>>();
  const queues = createOpenQueues(options);
  const state = { isStopped: false, isPaused: false, wake: Promise.withResolvers<void>() };
  const wake = () => state.wake.resolve();
  const mayTake = () => !state.isPaused && held.size - options.countWaiting() < places;

  const loop = async () => {
    while (!state.isStopped) {
      const job = mayTake() ? await queues.take(token).catch(onProblem) : undefined;
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
  const noteAdded = (to: Parameters<typeof queues.noteAdded>[0]) => {
    queues.noteAdded(to);
    wake();
  };
  const look = setInterval(() => noteAdded('any'), LOOK_MS);
  const looping = loop();

  return {
    /** There may be a place now. */
    wake,
    /** There may be a job. */
    noteAdded,
    /** Keeps the jobs that are at work; one that is lost is with another worker. */
    extendLocks: async (): Promise<void> => {
      await Promise.all([...held.keys()].map((job) => job.extendLock(token, lockMs).catch(ignore)));
    },
    /** Takes no more until it is said otherwise. */
    pause: (isPaused: boolean): void => {
      state.isPaused = isPaused;
      wake();
    },
    /** Takes no more; resolves when the loop has ended, with what is still at work. */
    stop: async (): Promise<readonly Promise<void>[]> => {
      state.isStopped = true;
      clearInterval(look);
      wake();
      await looping;
      return [...held.values()];
    },
    keepTags: (all: readonly (readonly string[])[]) => queues.keepTags(all),
    close: () => queues.close(),
  };
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

function ignore(): void {}
