import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

import type { Backend } from '../../backend.ts';
import type { Caller, Run } from '../../run.ts';
import { within } from '../../common/within.ts';
import { createAnswerCalls } from '../calls.ts';
import { carryOutCall, createManage } from './carry-out-call.ts';
import { createJobQueue, FIRST_PRIORITY } from '../job-queue.ts';
import { createNames, LEFT_MS, toWorkerId } from '../names.ts';
import { readOffer } from '../offers.ts';
import { openRedis } from '../open-redis.ts';
import { toShutdown } from '../../run-error.ts';
import { createRemovals } from '../removals.ts';
import { createRunRecords } from '../run-records.ts';
import { createSeal } from '../seal.ts';
import { createTaggedQueues, readWakeTags } from '../tagged-queues.ts';
import { startRemovingTranscripts } from './remove-transcripts.ts';
import { createTakeJobs } from './take-jobs.ts';
import { createTellSoon } from './tell-soon.ts';
import { createReadFacts, type ReadFactsOptions } from './worker-facts.ts';
import { forgetWorker, tellWorker } from '../worker-list.ts';
import { createWorkerRuns } from './worker-runs.ts';

export type WorkerOptions = Omit<ReadFactsOptions, 'id' | 'running' | 'fronts'> & {
  redisUrl: string;
  secret: string;
  prefix: string;
  /** Names the state folder. */
  home: string;
  lockMs: number;
  stalledMs: number;
  backend: Backend;
  /** What runs go through here. */
  run: Run;
  /** Called when an admin wants it to leave. */
  onRemove: () => void;
  /** Called when it begins or ends a run. */
  onChange: () => void;
  onProblem: (error: unknown) => void;
};

export type ClusterWorker = {
  id: string;
  isUp: () => boolean;
  count: () => number;
  /** Tells the front of a run's caller what the run cost. */
  tellCost: (caller: Caller, costUsd: number) => void;
  /** Takes no more, waits this long for what is at work, hands back what can be, ends the rest. */
  leave: (graceMs: number) => Promise<void>;
};

/** Time for cut-off runs to say so, and for each farewell, in milliseconds. */
const LAST_WORDS_MS = 3000;
const FAREWELL_MS = 1000;

/** Joins a cluster as one of its workers. Throws when Redis does not answer. */
export async function openWorker(options: WorkerOptions): Promise<ClusterWorker> {
  const { lockMs, onProblem } = options;
  const parts = await openParts(options);
  const { shared, cluster, names, runs } = parts;
  let leaving: Promise<void> | undefined;
  const timer = keepAlive(parts, lockMs / 3, onProblem);
  const endRemovals = startRemovingTranscripts({ ...options, removals: createRemovals(shared) });
  await listenTo(parts, options);
  await parts.tell(); // now that it hears what it is asked
  parts.jobs.pause(parts.state.isDraining);

  return {
    id: parts.id,
    isUp: cluster.isHeard,
    count: runs.count,
    tellCost(caller, costUsd) {
      const front = runs.frontOf(caller.requestId);
      if (front === undefined) return;
      const told = { id: randomUUID(), caller, costUsd }; // sent again when its answer is lost
      const data = shared.seal.close(JSON.stringify(told), `cost ${front}`);
      const telling = cluster.redis
        .multi()
        .xadd(names.events(front), '*', 'kind', 'note', 'data', data)
        .pexpire(names.events(front), LEFT_MS, 'NX');
      void telling.exec().catch(onProblem);
    },
    leave(graceMs) {
      endRemovals();
      return (leaving ??= leave(parts, timer, { graceMs, onProblem }));
    },
  };
}

async function leave(
  { id, shared, cluster, queue, runs, calls, jobs, state, facts, tell, telling }: Parts,
  timer: NodeJS.Timeout,
  { graceMs, onProblem }: { graceMs: number; onProblem: (error: unknown) => void },
) {
  state.isDraining = true;
  await within(tell().catch(onProblem), FAREWELL_MS);
  const stopping = jobs.stop();
  const done = stopping.then((held) => Promise.all([...held, ...calls]));
  void (await within(stopping, FAREWELL_MS)); // a job that is just being taken is one that is held
  await Promise.race([done, delay(graceMs, undefined, { ref: false })]);
  await runs.leave(toShutdown());
  await within(done, LAST_WORDS_MS);
  clearInterval(timer);
  telling.stop();
  facts.stop();
  await within(Promise.all([jobs.close(), queue.close()]), FAREWELL_MS);
  await within(forgetWorker(shared, id).catch(onProblem), FAREWELL_MS);
  cluster.close();
}

type Parts = Awaited<ReturnType<typeof openParts>>;

async function openParts(options: WorkerOptions) {
  const { onProblem } = options;
  const { redisUrl: url, prefix } = options;
  const seal = createSeal(options.secret);
  const cluster = await openRedis({ url, prefix, seal, onProblem });
  const names = createNames(prefix);
  const shared = { cluster, names, seal };
  const id = toWorkerId(options.home, randomUUID());
  const queue = createJobQueue(shared, onProblem);
  const state = { isDraining: false };
  /** What is being answered beside runs. */
  const calls = new Set<Promise<void>>();
  const tell = async () => {
    await tellWorker(shared, facts.read(state.isDraining), options.lockMs);
  };
  const telling = createTellSoon(tell, onProblem);
  const runs = createWorkerRuns({
    ...options,
    seal: shared.seal,
    records: createRunRecords(shared),
    worker: id,
    isSettled: () => cluster.upForMs() > options.lockMs,
    offer: async (run, round, tags) =>
      void (await queue.add({ run, round, priority: FIRST_PRIORITY, tags })),
    onChange() {
      options.onChange();
      jobs.wake();
      telling.soon();
    },
  });
  const facts = createReadFacts({
    ...options,
    id,
    running: runs.count,
    fronts: runs.countByFront,
  });
  const jobs = createTakeJobs({
    ...options,
    ...shared,
    ...runs,
    worker: id,
    readTags: facts.readTags,
  });
  const tagged = createTaggedQueues(shared);
  const keepTags = async () => jobs.keepTags(await tagged.list());
  await keepTags();
  return { ...shared, id, shared, queue, runs, calls, jobs, state, facts, tell, telling, keepTags };
}

/** Gives a sign of life again and again, and looks whether the runs here are still wanted. */
function keepAlive(
  { cluster, tell, jobs, runs, keepTags }: Parts,
  everyMs: number,
  onProblem: (error: unknown) => void,
) {
  let renewing: Promise<void> | undefined;
  const renew = async () => {
    const startedAt = performance.now();
    try {
      await tell();
      if (performance.now() - startedAt > everyMs) cluster.noteBreak();
      await jobs.extendLocks();
      await runs.check();
      await keepTags();
    } catch (error) {
      onProblem(error);
    } finally {
      renewing = undefined;
    }
  };
  return setInterval(() => void (renewing ??= renew()), everyMs);
}

async function listenTo(
  { shared, cluster, names, id, runs, calls, jobs, state, tell }: Parts,
  { backend, onRemove, onProblem }: WorkerOptions,
) {
  const manage = createManage({ jobs, state, tell, onRemove });
  const answerCall = createAnswerCalls(
    shared,
    id,
    (call) => manage(call) ?? carryOutCall(backend, call),
  );
  const listening = cluster.connect();
  listening.on('message', (channel, message) => {
    const offered = readOffer(message);
    if (channel === names.wake) onWake(message, id, jobs);
    else if (message.startsWith(CANCEL)) runs.cancel(message.slice(CANCEL.length));
    else if (offered) jobs.offer(offered);
    else keepUntilDone(calls, answerCall(message).catch(onProblem));
  });
  await listening.subscribe(names.wake, names.toWorker(id));
}

function keepUntilDone(calls: Set<Promise<void>>, call: Promise<void>) {
  calls.add(call);
  void call.finally(() => calls.delete(call));
}

/** A front added a job, for one worker, for all, or for those with these tags. */
function onWake(message: string, id: string, jobs: Parts['jobs']) {
  const tags = readWakeTags(message);
  if (tags) jobs.noteAdded(tags);
  else if (message === 'all') jobs.noteAdded('shared');
  else if (message === id) jobs.noteAdded('own');
}

/** As the script says it. */
const CANCEL = 'cancel ';
