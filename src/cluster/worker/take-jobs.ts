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

/** What is taken: a job, or what stands in one, of a run that was offered without. */
type Taken = { data: JobData; job: Job<JobData> | undefined };

/**
 * Takes jobs while there is a place for them, this worker's own first, and runs that are offered while there is no job. It
 * begins paused: who takes a run must count as alive.
 */
export function createTakeJobs(options: TakeJobsOptions) {
  const token = randomUUID();
  const queues = createOpenQueues(options);
  const state = { isStopped: false, isPaused: true, wake: Promise.withResolvers<void>() };
  const wake = () => state.wake.resolve();
  const { hold, hasPlace, listHeld, extendLocks } = createHeld(token, options, wake);
  const offered: Taken[] = [];

  const take = async (): Promise<Taken | undefined> => {
    const job = await queues.take(token).catch(options.onProblem);
    return job ? { data: job.data, job } : offered.shift();
  };
  const loop = async () => {
    while (!state.isStopped) {
      const taken = !state.isPaused && hasPlace() ? await take() : undefined;
      if (taken) {
        await hold(taken); // to look for the next one would keep this one waiting
        continue;
      }
      offered.length = 0; // there is no place: their front puts them on the queue in a moment
      await state.wake.promise;
      state.wake = Promise.withResolvers();
    }
  };
  const noteAdded: typeof queues.noteAdded = (to) => {
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
    /** A run is to begin here if there is a place, and nothing waits for it. */
    offer: (data: JobData): void => {
      offered.push({ data, job: undefined });
      wake();
    },
    extendLocks,
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
      return listHeld();
    },
    keepTags: (all: readonly (readonly string[])[]) => queues.keepTags(all),
    close: () => queues.close(),
  };
}

/** What is at work. */
function createHeld(token: string, options: TakeJobsOptions, onReleased: () => void) {
  const held = new Map<Taken, Promise<void>>();
  return {
    hasPlace: () => held.size - options.countWaiting() < options.places,
    listHeld: () => [...held.values()],
    /** Resolves when its run is on its way, or is over. */
    hold: async (taken: Taken): Promise<void> => {
      const { promise: begun, resolve: onBegun } = Promise.withResolvers<void>();
      const done = carryOut(taken, { token, onBegun }, options).finally(() => {
        held.delete(taken);
        onReleased();
      });
      held.set(taken, done);
      await Promise.race([begun, done]);
    },
    /** Keeps the jobs that are at work; one that is lost is with another worker. */
    extendLocks: async (): Promise<void> => {
      const jobs = [...held.keys()].flatMap(({ job }) => job ?? []);
      await Promise.all(jobs.map((job) => job.extendLock(token, options.lockMs).catch(ignore)));
    },
  };
}

async function carryOut(
  { data: { run, signature }, job }: Taken,
  { token, onBegun }: { token: string; onBegun: () => void },
  options: TakeJobsOptions,
) {
  try {
    if (!options.seal.isSigned(toSigned(run), signature)) {
      throw new Error('A job bears a wrong signature, and was not carried out.');
    }
    await options.carryOut(run, onBegun);
  } catch (error) {
    options.onProblem(error);
  }
  await job?.moveToCompleted(null, token, false).catch(ignore); // another worker may have it by now
}

function ignore(): void {}
