import type { BackendCounts, PlanLimit } from '../../backend.ts';
import { withinOwnTime } from '../../common/within.ts';
import { hasTags } from '../../common/tags.ts';
import { SHARED_TRANSCRIPTS, toHome } from '../names.ts';
import type { WorkerFacts } from '../worker-list.ts';

/** What is seen of a cluster from one of its fronts. */
export type ClusterView = {
  /** Whether Redis answers. */
  isUp: () => boolean;
  workers: () => readonly WorkerFacts[];
  /** Lets a worker take no more, or take again. Throws `not-found` for an unknown one. */
  setDraining: (worker: string, isDraining: boolean) => Promise<void>;
  /** Lets a worker finish what it has, and leave. Throws `not-found` for an unknown one. */
  remove: (worker: string) => Promise<void>;
  /** Runs that may wait for an answer on all workers together, at least one. */
  mostWaiting: () => number;
  /** The worker that carries out the run of this front with this request's id. */
  findWorker: (requestId: string) => Pick<WorkerFacts, 'id' | 'host'> | undefined;
  queue: () => { waiting: number; running: number; concurrency: number };
};

type Tags = readonly string[] | undefined;

/** What was last seen of the cluster; only workers of this version of the wire are given anything. */
export function createClusterWatch(wire: number) {
  let isUp = false;
  let workers: readonly WorkerFacts[] = [];
  let own: readonly WorkerFacts[] = [];
  let waiting = 0;
  const sum = (read: (worker: WorkerFacts) => number) =>
    workers.reduce((total, worker) => total + read(worker), 0);
  const queue: ClusterView['queue'] = () => ({
    waiting,
    running: sum((worker) => worker.running),
    concurrency: sum((worker) => worker.places),
  });
  const view: Omit<ClusterView, 'setDraining' | 'remove' | 'findWorker'> = {
    isUp: () => isUp,
    workers: () => workers,
    mostWaiting: () =>
      Math.max(
        1,
        sum((worker) => worker.mostWaiting),
      ),
    queue,
  };
  return {
    view,
    noteUp: (isTrue: boolean): void => void (isUp = isTrue),
    note: (found: readonly WorkerFacts[], count: number): void => {
      workers = found.toSorted((one, other) => one.id.localeCompare(other.id));
      own = found.filter((worker) => worker.wire === wire);
      waiting = count;
    },
    ...createChoice(() => own),
    /** Whether it has given a sign of life, of whatever version it is: admins may ask it, too. */
    isThere: (id: string) => workers.some((one) => one.id === id),
    counts: (): BackendCounts => ({
      processes: {
        running: sum(({ processes }) => processes.running),
        ready: sum(({ processes }) => processes.ready),
        kept: sum(({ processes }) => processes.kept),
        suspended: sum(({ processes }) => processes.suspended),
      },
      // Each worker counts these in its own metrics.
      spares: { chat: { hit: 0, missed: 0 }, agent: { hit: 0, missed: 0 } },
      apiRetries: new Map(),
      refusals: [],
      planLimits: toFullest(workers),
    }),
  };
}

/** Finds workers among those that there are. */
function createChoice(read: () => readonly WorkerFacts[]) {
  const fitting = (tags?: Tags) =>
    read().filter((worker) => !worker.isDraining && hasTags(worker, tags));
  return {
    /** Free places of the workers that have these tags. */
    places: (tags?: Tags) =>
      read()
        .filter((worker) => hasTags(worker, tags))
        .reduce((total, { places, running }) => total + places - running, 0),
    /** The workers that have these tags and take runs. */
    fitting,
    /** Whether this worker is one of them. */
    isAlive: (id: string, tags?: Tags) => fitting(tags).some((one) => one.id === id),
    /** Where a worker has its transcripts: in its home, or in common with others. */
    findTranscripts: (id: string) => {
      const worker = read().find((one) => one.id === id);
      return worker ? toTranscripts(worker) : toHome(id);
    },
    /** Where workers have their transcripts. */
    homes: (): readonly string[] => [...new Set(read().map(toTranscripts))],
    findHome: (home: string, except?: string) =>
      read().find(({ id, isDraining }) => toHome(id) === home && !isDraining && id !== except)?.id,
    leastBusy: (tags?: Tags, except?: string) =>
      read()
        .filter((worker) => hasTags(worker, tags) && worker.id !== except)
        .toSorted(byLoad)[0]?.id,
  };
}

function toTranscripts(worker: WorkerFacts) {
  return hasTags(worker, [SHARED_TRANSCRIPTS]) ? SHARED_TRANSCRIPTS : toHome(worker.id);
}

/** Of each window the one that is used up the most: the workers may have logins of their own. */
function toFullest(workers: readonly WorkerFacts[]): readonly PlanLimit[] {
  const all = workers
    .flatMap(({ planLimits }) => planLimits)
    .toSorted((one, other) => one.used - other.used);
  return [...new Map(all.map((limit) => [limit.window, limit])).values()];
}

function byLoad(one: WorkerFacts, other: WorkerFacts) {
  return (
    Number(one.isDraining) - Number(other.isDraining) ||
    one.running / one.places - other.running / other.places
  );
}

export type TickOptions = {
  /** Gives a sign of life, on a connection where nothing else is waited for. */
  giveSign: () => Promise<unknown>;
  /** What is done each time that it was taken. */
  look: () => Promise<void>;
  everyMs: number;
  /** Told each time whether Redis took it in time. */
  noteUp: (isUp: boolean) => void;
  onProblem: (error: unknown) => void;
};

/** How long Redis may take for a sign of life, in milliseconds, or until the next one if that is longer. */
const SIGN_MS = 1000;

/** Gives signs of life again and again, and looks who else is there; each of both one at a time. */
export function createTick({ giveSign, look, everyMs, noteUp, onProblem }: TickOptions) {
  const sign = createOneAtATime(giveSign, onProblem);
  const lookAround = createOneAtATime(look, onProblem);
  const now = async () => {
    const isTaken = (await withinOwnTime(sign(), Math.max(SIGN_MS, everyMs))) === true;
    noteUp(isTaken);
    if (isTaken) await lookAround();
  };
  const timer = setInterval(() => void now(), everyMs);
  return { now, stop: () => clearInterval(timer) };
}

/** Resolves with whether it went well; joins the one that goes on. */
function createOneAtATime(work: () => Promise<unknown>, onProblem: (error: unknown) => void) {
  let going: Promise<boolean> | undefined;
  const once = async () => {
    try {
      await work();
      return true;
    } catch (error) {
      onProblem(error);
      return false;
    } finally {
      going = undefined;
    }
  };
  return () => (going ??= once());
}
