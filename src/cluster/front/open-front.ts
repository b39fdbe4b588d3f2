import { randomUUID } from 'node:crypto';
import { z } from 'zod';

import type { Backend } from '../../backend.ts';
import type { Caller } from '../../run.ts';
import { createExpiringMap } from '../../common/expiring-map.ts';
import { within } from '../../common/within.ts';
import { type AskAWorker, createAskAWorker, toOne } from './ask-a-worker.ts';
import { createAskSessionWork } from './ask-session-work.ts';
import { createAskTranscripts } from './ask-transcripts.ts';
import { createAskWorkers } from './ask-workers.ts';
import { createCalls } from '../calls.ts';
import { createFrontRuns } from './front-runs.ts';
import { readStream } from './inboxes.ts';
import { createJobQueue } from '../job-queue.ts';
import { createNames, LEFT_MS } from '../names.ts';
import { openRedis } from '../open-redis.ts';
import { createPlacement, type PlacementOptions } from '../placement.ts';
import { toUnknownWorker } from '../refusals.ts';
import { createRemovals } from '../removals.ts';
import { createRunRecords } from '../run-records.ts';
import { createSeal } from '../seal.ts';
import type { FrontRecord } from './submit-runs.ts';
import { type ClusterView, createClusterWatch, createTick } from './watch-cluster.ts';
import { readWorkers } from '../worker-list.ts';

export type FrontOptions = {
  redisUrl: string;
  secret: string;
  prefix: string;
  /** The version of the wire that its workers have. Default: this program's. */
  wire?: number;
  /** Time without a sign of life after which this front counts as lost, in milliseconds. */
  lockMs: number;
  /** How often lost workers are looked for, in milliseconds. */
  checkMs: number;
  maxQueueSize: number;
  queueTimeoutMs: number;
  ttlMs: PlacementOptions['ttlMs'];
  /** Where the fronts keep the runs of agents, so that one can take over what another one left. Default: nowhere. */
  toRecord?: FrontRecord;
  onCost: (caller: Caller, costUsd: number) => void;
  onProblem: (error: unknown) => void;
};

/** `id` names it among the fronts of all times. */
export type Front = { id: string; backend: Backend; view: ClusterView };

/** Longest wait for Redis at each farewell, in milliseconds. */
const FAREWELL_MS = 1000;

/** Costs that a front remembers. */
const MOST_COSTS = 10_000;

const Cost = z.object({
  /** Workers of an earlier version do not tell it. */
  id: z.string().optional(),
  caller: z.object({ keyId: z.string(), user: z.string().optional(), requestId: z.string() }),
  costUsd: z.number(),
});

/** Opens the back end whose runs go on in the workers of a cluster. Throws when Redis does not answer. */
export async function openFront(options: FrontOptions): Promise<Front> {
  const { onProblem } = options;
  const front = randomUUID();
  const parts = await openParts(front, options);
  const { shared, cluster, signs, names, queue, watch, isUp, runs } = parts;
  const tick = createTick({
    giveSign: () => giveSign(front, parts, options),
    look: () => look(parts),
    everyMs: Math.min(options.checkMs, options.lockMs / 3),
    noteUp: watch.noteUp,
    onProblem,
  });
  await tick.now();
  await listenTo(front, parts, onProblem);
  const stopped = new AbortController();
  const noteCost = createNoteCost(options.onCost);
  const reading = readStream({
    connection: cluster.connect(),
    key: names.events(front),
    onArrival: runs.arrive,
    onNote: (data) => noteCost(shared.seal.open(data, `cost ${front}`)),
    onProblem,
    signal: stopped.signal,
  });

  async function close() {
    stopped.abort();
    tick.stop();
    await within(reading, 2000);
    if (cluster.isUp()) {
      const deleting = signs.del(names.front(front), names.events(front)); // behind its last sign
      await within(deleting.catch(onProblem), FAREWELL_MS);
    }
    await within(queue.close(), FAREWELL_MS);
    cluster.close();
  }

  const ask = createAskAWorker(parts);
  const asking = { ...parts, ...watch, ask };
  return {
    id: front,
    view: {
      ...watch.view,
      isUp,
      ...createManageWorkers(parts, ask, () => look(parts)),
      findWorker: (requestId) => findWorker(parts, requestId),
    },
    backend: {
      ...createAskWorkers({ ...asking, findWorker: runs.findWorker }),
      sessionWork: createAskSessionWork(asking),
      transcripts: createAskTranscripts({ ...asking, removals: createRemovals(shared) }),
      run: runs.run,
      counts: watch.counts,
      close,
    },
  };
}

function findWorker({ runs, watch }: Parts, requestId: string) {
  const worker = runs.findWorker(requestId);
  const found = watch.view.workers().find(({ id }) => id === worker);
  return found && { id: found.id, host: found.host };
}

/** What admins say to workers; it is seen here when that is done. */
function createManageWorkers(
  { watch }: Parts,
  ask: AskAWorker,
  lookAgain: () => Promise<void>,
): Pick<ClusterView, 'setDraining' | 'remove'> {
  const tell = async (worker: string, method: string, args: readonly unknown[]) => {
    await lookAgain(); // it may have left since the last look
    if (!watch.view.workers().some(({ id }) => id === worker)) throw toUnknownWorker();
    await ask(method, args, toOne(worker));
    await lookAgain();
  };
  return {
    setDraining: (worker, isDraining) => tell(worker, 'setDraining', [isDraining]),
    remove: (worker) => tell(worker, 'remove', []),
  };
}

type Parts = Awaited<ReturnType<typeof openParts>>;

async function openParts(front: string, options: FrontOptions) {
  const { onProblem } = options;
  const { redisUrl: url, prefix } = options;
  const seal = createSeal(options.secret);
  const cluster = await openRedis({ url, prefix, seal, onProblem });
  const names = createNames(prefix, options.wire);
  const shared = { cluster, names, seal };
  const queue = createJobQueue(shared, onProblem);
  const watch = createClusterWatch(names.wire);
  const isUp = () => cluster.isUp() && watch.view.isUp();
  const placement = createPlacement({ ...shared, ttlMs: options.ttlMs });
  const isSettled = () => cluster.upForMs() > options.lockMs;
  const runs = createFrontRuns({
    ...options,
    ...watch,
    seal,
    queue,
    front,
    placement,
    records: createRunRecords(shared),
    isUp,
    isSettled,
  });
  // A connection of their own: signs of life must not wait behind a request of 32 MB.
  const signs = cluster.connect();
  const calls = createCalls(shared, front);
  return { shared, cluster, signs, names, queue, watch, isUp, isSettled, runs, calls, placement };
}

/** Takes what workers answer to calls. */
async function listenTo(
  front: string,
  { cluster, names, calls }: Parts,
  onProblem: (error: unknown) => void,
) {
  const listening = cluster.connect();
  listening.on('message', (_channel, message) => {
    try {
      calls.take(message);
    } catch (error) {
      onProblem(error); // what is thrown in a listener ends the program
    }
  });
  await listening.subscribe(names.toFront(front));
}

/** Says that this front is there. Throws when Redis does not take it, as it takes nothing then. */
async function giveSign(front: string, { cluster, signs, names }: Parts, { lockMs }: FrontOptions) {
  const startedAt = performance.now();
  const sign = signs.multi().set(names.front(front), '1', 'PX', lockMs);
  await sign.pexpire(names.events(front), LEFT_MS).exec();
  if (performance.now() - startedAt > lockMs / 3) cluster.noteBreak();
}

/** Looks who else is there, and after the runs and calls. */
async function look({ shared, cluster, names, watch, isSettled, runs, calls }: Parts) {
  watch.note(await readWorkers(shared), await cluster.redis.zcard(names.waiting));
  if (isSettled()) calls.check(watch.isThere);
  await runs.check();
}

/** Takes what a worker tells of a cost; what is told twice is counted once. */
function createNoteCost(onCost: FrontOptions['onCost']) {
  const known = createExpiringMap<true>({ holdMs: LEFT_MS, max: MOST_COSTS });
  return (text: string): void => {
    const { id, caller, costUsd } = Cost.parse(JSON.parse(text));
    if (id !== undefined && known.get(id)) return;
    if (id !== undefined) known.set(id, true);
    onCost({ ...caller, user: caller.user }, costUsd);
  };
}
