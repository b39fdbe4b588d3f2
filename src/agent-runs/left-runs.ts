import type { RunningServer } from '../state/running-servers.ts';
import { isEnded, type RunEnding, type RunStore, type StoredRun } from './run-store.ts';

export type LeftRunsOptions = {
  store: Pick<
    RunStore,
    'listServers' | 'hasGivenBack' | 'interruptLeft' | 'claimPutOff' | 'read' | 'end'
  >;
  server: Pick<RunningServer, 'id' | 'isAlone'> & {
    isRunning: (id: string) => boolean | Promise<boolean>;
  };
  /** Told of each run whose state is another one. */
  onChange: (run: StoredRun) => void;
  /** Milliseconds since 1970. */
  now: () => number;
  onProblem: (error: unknown) => void;
};

/** Begins a run that waited for its turn; resolves when it waits again, or has begun. */
export type BeginRun = (run: StoredRun) => Promise<void>;

/** Finds the runs that dead servers of the store left: this one carries them out, or says that they were cut. */
export function createLeftRuns(options: LeftRunsOptions) {
  const { store, server, onChange, now, onProblem } = options;
  const waiting: StoredRun[] = [];
  /** Those that have not begun here. */
  const claimed = new Set<string>();
  /** The first time those of unknown servers are looked for, too. */
  let withUnknown = server.isAlone;
  let begin: BeginRun | undefined;
  let line = Promise.resolve();
  let taking = Promise.resolve();

  const listDead = () => listDeadOf(options);

  const beginAll = () => {
    for (const run of begin ? waiting.splice(0) : []) {
      line = line
        .then(() => begin?.(run))
        .catch(onProblem)
        .finally(() => claimed.delete(run.id));
    }
  };

  const take = async () => {
    // The dead first: a server that starts after this look is none of them.
    const left = { dead: await listDead(), withUnknown };
    for (const run of await store.interruptLeft(left, now())) onChange(run);
    const runs = await store.claimPutOff(left, server.id);
    for (const { id } of runs) claimed.add(id);
    waiting.push(...runs);
    withUnknown = false;
    beginAll();
  };

  return {
    /** Whether there are runs that no server is at. */
    hasLeft: async () => (await store.hasGivenBack()) || (await listDead()).length > 0,
    takeOver(): Promise<void> {
      const taken = take();
      taking = taken.catch(() => undefined);
      return taken;
    },
    /** Whether a run that this server is not at goes on elsewhere, or will somewhere. */
    async isExpected(id: string) {
      const found = await store.read(id);
      if (!found || isEnded(found) || found.server === undefined) return false;
      if (found.server !== server.id) return true;
      await taking; // it may be this server's since a moment ago
      return claimed.has(id);
    },
    /** Begins with this what waited for its turn and was taken over, and what will be. */
    beginLeft(start: BeginRun) {
      begin = start;
      beginAll();
    },
    /** One that was taken over and could not begin has failed, unless it was given back. */
    failLeft: (id: string, failure: RunEnding['failure']) => failLeftOf(options, id, failure),
  };
}

async function listDeadOf({ store, server }: Pick<LeftRunsOptions, 'store' | 'server'>) {
  const ids = await store.listServers();
  const running = await Promise.all(ids.map(async (id) => server.isRunning(id)));
  return ids.filter((_, index) => !running[index]);
}

async function failLeftOf(
  { store, server, onChange, now }: LeftRunsOptions,
  id: string,
  failure: RunEnding['failure'],
) {
  const found = await store.read(id);
  if (!found || isEnded(found) || found.server !== server.id) return;
  await store.end(id, { state: 'failed', endedAt: now(), answer: undefined, failure }, []);
  const run = await store.read(id);
  if (run) onChange(run);
}
