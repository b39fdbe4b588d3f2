import { randomUUID } from 'node:crypto';

import type { Run, RunEvent, RunProgress, RunRequest } from '../../run.ts';
import { createGoingRun, type GoingRun } from './going-run.ts';
import type { Arrival } from './inboxes.ts';
import { createListener, type Said } from '../placement.ts';
import { readRunEvents } from './read-run-events.ts';
import { toSessionAway, toWorkerLost } from '../refusals.ts';
import { createSubmit, type SubmitOptions } from './submit-runs.ts';

export type FrontRunsOptions = Omit<SubmitOptions, 'countPlaces'> & {
  /** Where a worker has its transcripts. */
  findTranscripts: (worker: string) => string;
};

/** The runs of one front: puts them on the queue, and reads what their workers say. */
export function createFrontRuns(options: FrontRunsOptions) {
  const { onProblem } = options;
  const noteHolder = createNoteHolder(options);
  const going = createGoing();
  const { submit, queueAgain, giveUp } = createSubmit({ ...options, ...going });
  const checkOne = createCheckOne(options, queueAgain);

  const run: Run = async function* inCluster(request, signal) {
    signal.throwIfAborted();
    const id = randomUUID();
    const one = createGoingRun(request);
    going.add(id, one);
    const leave = () => one.inbox.fail(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
    try {
      await submit(id, one, signal);
      if (request.isPatient) yield { type: 'run-progress', step: 'queued' };
      const listener = createListener();
      for await (const event of readRunEvents(id, one, options)) {
        if (event.type !== 'run-progress') listener.hear(event);
        if (isPlaced(event, request)) await noteHolder.ofSession(one);
        if (event.type === 'run-end') await noteHolder.ofChat(one, listener.said());
        yield event;
      }
    } finally {
      signal.removeEventListener('abort', leave);
      going.remove(id, one);
      one.isClaimed = true; // nobody has to be found for it any more
      void giveUp(id, one).catch(onProblem);
    }
  };

  return {
    run,
    arrive: (id: string, arrival: Arrival): void => {
      const one = going.get(id);
      if (arrival.kind === 'claimed' && one) {
        one.isClaimed = true;
        one.place = arrival.worker;
      }
      one?.inbox.put(arrival);
    },
    /** The worker of the run with this request's id. */
    findWorker: (requestId: string) => going.ofRequest(requestId)?.worker,
    /** Looks after all runs: those of lost workers are queued again, or end. */
    check: async () => {
      await Promise.all(going.list().map(([id, one]) => checkOne(id, one)));
    },
  };
}

/** Makes what looks after a run: that of a lost worker is queued again, or ends. */
function createCheckOne(
  { records, isSettled, isAlive }: FrontRunsOptions,
  queueAgain: (id: string, one: GoingRun, round: number | string) => Promise<void>,
) {
  return async (id: string, one: GoingRun) => {
    if (!one.isOnRecord || !isSettled()) return;
    const { state, attempt } = await records.recover(id);
    if (state === 'gone') one.inbox.fail(toWorkerLost());
    if (state === 'again') {
      one.isClaimed = false;
      one.place = undefined;
      one.onAgain();
      await queueAgain(id, one, attempt);
    }
    const isPinnedToNone = one.pinnedTo !== undefined && !isAlive(one.pinnedTo);
    if (state === 'waiting' && isPinnedToNone) one.inbox.fail(toSessionAway());
  };
}

/** The runs that go on, by their ids and by their requests, of which one may have several. */
function createGoing() {
  const runs = new Map<string, GoingRun>();
  const ofRequests = new Map<string, Set<GoingRun>>();
  return {
    get: (id: string) => runs.get(id),
    list: () => [...runs],
    /** How many take a place at each worker. */
    countPlaces: () => {
      const counts = new Map<string, number>();
      for (const { place } of runs.values()) {
        if (place !== undefined) counts.set(place, (counts.get(place) ?? 0) + 1);
      }
      return counts;
    },
    ofRequest: (requestId: string) => ofRequests.get(requestId)?.values().next().value,
    add(id: string, one: GoingRun) {
      const { requestId } = one.request.caller;
      runs.set(id, one);
      ofRequests.set(requestId, (ofRequests.get(requestId) ?? new Set()).add(one));
    },
    remove(id: string, one: GoingRun) {
      const { requestId } = one.request.caller;
      const rest = ofRequests.get(requestId);
      runs.delete(id);
      rest?.delete(one);
      if (rest?.size === 0) ofRequests.delete(requestId);
    },
  };
}

/** A new session is where its run is placed: the CLI may write there, and then fail before it says a word. */
function isPlaced(event: RunEvent | RunProgress, { agent }: RunRequest) {
  if (event.type === 'run-progress') return event.step === 'placed' && agent?.session?.isNew;
  return event.type === 'run-start';
}

/** Remembers who holds a conversation or a session. For chats that is a hint: any worker rebuilds one. */
function createNoteHolder({ placement, isUp, findTranscripts, onProblem }: FrontRunsOptions) {
  return {
    async ofChat({ request, worker }: GoingRun, said: Said) {
      if (worker === undefined || request.agent || !isUp()) return;
      await placement.noteChat(request, said, worker).catch(onProblem);
    },
    async ofSession({ request, worker }: GoingRun) {
      const session = request.agent?.session;
      if (session === undefined || worker === undefined) return;
      await placement.noteSession(session.id, findTranscripts(worker)).catch(onProblem);
    },
  };
}
