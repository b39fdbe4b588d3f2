import { requestToWire } from '../../run-wire.ts';
import { withinOwnTime } from '../../common/within.ts';
import type { GoingRun } from './going-run.ts';
import { FIRST_PRIORITY, type JobQueue, type NewJob } from '../job-queue.ts';
import type { Placement } from '../placement.ts';
import { SHARED_TRANSCRIPTS } from '../names.ts';
import { toQueueAway, toQueueFull, toSessionAway, toSessionElsewhere } from '../refusals.ts';
import type { RunRecords } from '../run-records.ts';
import type { Seal } from '../seal.ts';

/**
 * Names the hash in Redis in which the fronts keep the run of a request: in `server` at which of them it is, in `state`
 * that it has begun, in `endedAt` that it has ended. A worker begins it for no other front.
 */
export type FrontRecord = (requestId: string) => string;

export type SubmitOptions = {
  records: RunRecords;
  seal: Seal;
  queue: JobQueue;
  placement: Placement;
  front: string;
  toRecord?: FrontRecord | undefined;
  /** Whether Redis answers. */
  isUp: () => boolean;
  /** Whether it has been there long enough for every living worker to have said so. */
  isSettled: () => boolean;
  /** Runs that may wait in the whole cluster, beside those for which there is a place. */
  maxQueueSize: number;
  /** Longest wait of a run that is not patient, in milliseconds. */
  queueTimeoutMs: number;
  /** Free places of the workers that have these tags, of all without any. */
  places: (tags?: readonly string[]) => number;
  /** A worker on this state folder, if one lives. */
  findHome: (home: string) => string | undefined;
  isAlive: (worker: string, tags?: readonly string[]) => boolean;
  onProblem: (error: unknown) => void;
};

/** How long the worker that holds a chat's conversation is waited for, in milliseconds. */
const HOLDER_MS = 400;

/**
 * How long Redis may take for a run before it counts whether it is there at all, in milliseconds: 32 MB take longer over
 * a slow link, and so does what is behind them.
 */
const SUBMIT_MS = 3000;

/** Puts runs on record and on the queue, and takes them back. */
export function createSubmit(options: SubmitOptions) {
  const { records, queue, seal, placement } = options;
  const giveUp = createGiveUp(options);

  return {
    /** Throws `queue-full`, and `queue-timeout` when Redis is away. */
    submit: async (id: string, one: GoingRun, signal: AbortSignal): Promise<void> => {
      if (!options.isUp()) throw toQueueAway();
      const submitting = putOnRecord(id, one).then(() => true);
      do {
        if (await withinOwnTime(submitting, SUBMIT_MS)) return;
      } while (options.isUp() && !signal.aborted);
      // When Redis is back it comes on record all the same, behind the giving up that follows now.
      void submitting.then(() => giveUp(id, one)).catch(options.onProblem);
      throw toQueueAway();
    },
    /** Its turn had come already. */
    offerAgain: (id: string, one: GoingRun, round: number | string) =>
      offer(id, one, { round, priority: FIRST_PRIORITY }),
    giveUp,
  };

  async function putOnRecord(id: string, one: GoingRun) {
    const { request } = one;
    const { agent, caller } = request;
    const holder = agent ? await findSession(one, options) : await placement.findChat(request);
    const submitted = await records.submit(id, {
      front: options.front,
      keyId: caller.keyId,
      kind: agent ? 'agent' : 'chat',
      waitMs: request.isPatient ? 0 : options.queueTimeoutMs,
      maxQueueSize: options.maxQueueSize,
      places: options.places(one.tags),
      request: seal.close(requestToWire(request), `request ${id}`),
      record: agent && options.toRecord?.(caller.requestId),
    });
    if (submitted === 'full') throw toQueueFull();
    const { priority, moved } = submitted;
    one.isOnRecord = true;
    if (moved > 0) await queue.moveForward(moved);
    const { tags } = one;
    const worker = holder !== undefined && options.isAlive(holder, tags) ? holder : undefined;
    one.jobs.push(await queue.add({ run: id, round: 'first', priority, worker, tags }));
    if (worker === undefined || one.pinnedTo !== undefined) return;
    setTimeout(() => {
      if (!one.isClaimed)
        void offer(id, one, { round: 'second', priority }).catch(options.onProblem);
    }, HOLDER_MS).unref();
  }

  async function offer(run: string, one: GoingRun, how: Pick<NewJob, 'round' | 'priority'>) {
    const { pinnedTo: worker, tags } = one;
    one.jobs.push(await queue.add({ run, worker, tags, ...how }));
  }
}

/**
 * Tells whoever has a run that nobody wants it; where Redis is away, the record goes by itself. Of one that has ended
 * only jobs may be left that nobody took.
 */
function createGiveUp({ records, queue }: SubmitOptions) {
  return async (id: string, { jobs, hasEnded }: GoingRun): Promise<void> => {
    if (hasEnded && jobs.length === 1) return;
    if (!hasEnded) await records.cancel(id);
    await Promise.all(jobs.map((job) => queue.remove(job)));
  };
}

/** A session goes on where its transcript is, and nowhere else. */
async function findSession(one: GoingRun, { placement, findHome, isAlive }: SubmitOptions) {
  const session = one.request.agent?.session;
  const home = session && !session.isNew && (await placement.findSession(session.id));
  if (!home) return undefined;
  if (home === SHARED_TRANSCRIPTS) {
    one.tags = [...(one.tags ?? []), SHARED_TRANSCRIPTS];
    return undefined;
  }
  one.pinnedTo = findHome(home);
  if (!one.pinnedTo) throw toSessionAway();
  if (!isAlive(one.pinnedTo, one.tags)) throw toSessionElsewhere(one.tags ?? []);
  return one.pinnedTo;
}
