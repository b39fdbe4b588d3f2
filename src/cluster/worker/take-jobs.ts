import { randomUUID } from 'node:crypto';

import type { Job } from 'bullmq';

import { type JobData, toSigned } from '../job-queue.ts';
import type { Seal } from '../seal.ts';
import { createOpenQueues, type OpenQueuesOptions } from './open-queues.ts';

export type TakeJobsOptions = OpenQueuesOptions & {
  seal: Seal;
  /** Runs at the same time. */
  places: number;
  /** Resolves when the run is over; `onBegun` is called when it is on its way, if it ever is. */
  carryOut: (run: string, onBegun: () => void) => Promise<void>;
  /** Runs that wait for their callers, and hold no place meanwhile. */
  countWaiting: () => number;
};

/** Looks for jobs so often when nobody says that there is one, in milliseconds. */
const LOOK_MS = 1000;

/** Takes jobs while there is a place for them, this worker's own first. */
export function createTakeJobs(options: TakeJobsOptions) {
  const { places, lockMs, onProblem } = options;
  const token = randomUUID();
  const queues = createOpenQueues(options);
  const state = { isStopped: false, isPaused: false, wake: Promise.withResolvers<void>() };
  const wake = () => state.wake.resolve();
  const { held, hold } = createHeld(token, options, wake);
  const mayTake = () => !state.isPaused && held.size - options.countWaiting() < places;

  const loop = async () => {
    while (!state.isStopped) {
      const job = mayTake() ? await queues.take(token).catch(onProblem) : undefined;
      if (job) {
        await hold(job); // to look for the next one would keep this one waiting
        continue;
      }
      await state.wake.promise;
      state.wake = Promise.withResolvers();
    }
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

/** The jobs that are at work. */
function createHeld(token: string, options: TakeJobsOptions, onReleased: () => void) {
  const held = new Map<Job<JobData>, Promise<void>>();
  return {
    held,
    /** Resolves when its run is on its way, or is over. */
    hold: async (job: Job<JobData>): Promise<void> => {
      const { promise: begun, resolve: onBegun } = Promise.withResolvers<void>();
      const done = carryOut(job, { token, onBegun }, options).finally(() => {
        held.delete(job);
        onReleased();
      });
      held.set(job, done);
      await Promise.race([begun, done]);
    },
  };
}

async function carryOut(
  job: Job<JobData>,
  { token, onBegun }: { token: string; onBegun: () => void },
  options: TakeJobsOptions,
) {
  const { run, signature } = job.data;
  try {
    if (!options.seal.isSigned(toSigned(run), signature)) {
      throw new Error('A job bears a wrong signature, and was not carried out.');
    }
    await options.carryOut(run, onBegun);
  } catch (error) {
    options.onProblem(error);
  }
  await job.moveToCompleted(null, token, false).catch(ignore); // another worker may have it by now
}

function ignore(): void {}
