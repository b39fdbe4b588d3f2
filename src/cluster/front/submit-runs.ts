import { requestToWire } from '../../run-wire.ts';
import { withinOwnTime } from '../../common/within.ts';
import type { GoingRun } from './going-run.ts';
import { listFree } from './list-free.ts';
import { FIRST_PRIORITY, type JobQueue, type NewJob } from '../job-queue.ts';
import { toOffer } from '../offers.ts';
import type { Placement } from '../placement.ts';
import { SHARED_TRANSCRIPTS } from '../names.ts';
import { toQueueAway, toQueueFull, toSessionAway, toSessionElsewhere } from '../refusals.ts';
import type { RunRecords } from '../run-records.ts';
import type { Seal } from '../seal.ts';
import type { WorkerFacts } from '../worker-list.ts';

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
  /** The workers that have these tags and take runs. */
  fitting: (tags?: readonly string[]) => readonly WorkerFacts[];
  /** How many runs of this front take a place at each worker. */
  countPlaces: () => ReadonlyMap<string, number>;
  onProblem: (error: unknown) => void;
};

/**
 * How long a worker that is offered a run may take to claim it before the run is put on the queue, in milliseconds. An idle
 * one takes 1 to 2; later is no harm, as then whoever takes the job finds that it has begun.
 */
const OFFER_MS = 10;

/** How long the worker that holds a chat's conversation is waited for, in milliseconds. */
const HOLDER_MS = 400;

/**
 * How long Redis may take for a run before it counts whether it is there at all, in milliseconds: 32 MB take longer over
 * a slow link, and so does what is behind them.
 */
const SUBMIT_MS = 3000;

/** Puts runs on record and on the queue, and takes them back. */
export function createSubmit(options: SubmitOptions) {
  const { records, queue, seal } = options;
  const { enqueue, enqueueFirst, later } = createEnqueue(options);
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
    queueAgain: (id: string, one: GoingRun, round: number | string) =>
      enqueue(id, one, { round, priority: FIRST_PRIORITY, worker: one.pinnedTo }),
    giveUp,
  };

  async function putOnRecord(id: string, one: GoingRun) {
    const { request } = one;
    const { agent, caller } = request;
    if (agent) await pinToSession(one, options);
    const placing = toPlacing(id, one, options);
    one.place = one.pinnedTo ?? placing.free[0]; // most likely
    const submitted = await records.submit(id, {
      front: options.front,
      keyId: caller.keyId,
      kind: agent ? 'agent' : 'chat',
      waitMs: request.isPatient ? 0 : options.queueTimeoutMs,
      maxQueueSize: options.maxQueueSize,
      places: options.places(one.tags),
      request: seal.close(requestToWire(request), `request ${id}`),
      record: agent && options.toRecord?.(caller.requestId),
      placing,
    });
    if (submitted === 'full') throw toQueueFull();
    const { priority, moved, offeredTo, holder } = submitted;
    one.isOnRecord = true;
    one.wasOffered = offeredTo !== undefined;
    if (!one.isClaimed) one.place = offeredTo;
    if (moved > 0) await queue.moveForward(moved);
    if (one.wasOffered) later(one, OFFER_MS, () => enqueueFirst(id, one, { priority, holder }));
    else await enqueueFirst(id, one, { priority, holder });
  }
}

function toPlacing(id: string, { request, tags, pinnedTo }: GoingRun, options: SubmitOptions) {
  const workers = options.fitting(tags);
  return {
    able: workers.map((worker) => worker.id),
    free: listFree({ workers, front: options.front, mine: options.countPlaces() }),
    pinnedTo,
    held: request.agent ? [] : options.placement.listHeld(request),
    offer: toOffer(id, options.seal),
  };
}

/** Puts runs on the queue. */
function createEnqueue({ queue, onProblem }: SubmitOptions) {
  async function enqueueFirst(
    id: string,
    one: GoingRun,
    { priority, holder }: { priority: number; holder: string | undefined },
  ) {
    one.place = undefined;
    await enqueue(id, one, { round: 'first', priority, worker: holder });
    if (holder === undefined || one.pinnedTo !== undefined) return;
    later(one, HOLDER_MS, () => enqueue(id, one, { round: 'second', priority }));
  }

  async function enqueue(run: string, one: GoingRun, how: Omit<NewJob, 'run' | 'tags'>) {
    const adding = queue.add({ run, tags: one.tags, ...how });
    one.jobs.push(adding);
    await adding;
  }

  function later(one: GoingRun, afterMs: number, enqueueNow: () => Promise<void>) {
    const unlessClaimed = () => {
      if (!one.isClaimed) void enqueueNow().catch(onProblem);
    };
    setTimeout(unlessClaimed, afterMs).unref();
  }

  return { enqueue, enqueueFirst, later };
}

/**
 * Tells whoever has a run that nobody wants it; where Redis is away, the record goes by itself. Of one that has ended
 * only jobs may be left that nobody took.
 */
function createGiveUp({ records, queue }: Pick<SubmitOptions, 'records' | 'queue'>) {
  return async (id: string, { jobs, wasOffered, hasEnded }: GoingRun): Promise<void> => {
    const taken = wasOffered ? 0 : 1;
    if (hasEnded && jobs.length === taken) return;
    if (!hasEnded) await records.cancel(id);
    await Promise.all(jobs.map(async (adding) => queue.remove(await adding)));
  };
}

/** A session goes on where its transcript is, and nowhere else. */
async function pinToSession(one: GoingRun, { placement, findHome, isAlive }: SubmitOptions) {
  const session = one.request.agent?.session;
  const home = session && !session.isNew && (await placement.findSession(session.id));
  if (!home) return;
  if (home === SHARED_TRANSCRIPTS) {
    one.tags = [...(one.tags ?? []), SHARED_TRANSCRIPTS];
    return;
  }
  one.pinnedTo = findHome(home);
  if (!one.pinnedTo) throw toSessionAway();
  if (!isAlive(one.pinnedTo, one.tags)) throw toSessionElsewhere(one.tags ?? []);
}
