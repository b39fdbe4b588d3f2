import { setTimeout as delay } from 'node:timers/promises';

import type { RunningServer } from '../state/running-servers.ts';
import {
  isEnded,
  type LeftStore,
  type RunEnding,
  type RunStore,
  type StoredRun,
} from './run-store.ts';

export type LeftRunsOptions = {
  store: Omit<LeftStore, 'giveBack'> & Pick<RunStore, 'read' | 'end'>;
  server: Pick<RunningServer, 'id' | 'isAlone'> & {
    isRunning: (id: string) => boolean | Promise<boolean>;
  };
  /** Told of each run whose state is another one. */
  onChange: (run: StoredRun) => void;
  /** Milliseconds since 1970. */
  now: () => number;
  onProblem: (error: unknown) => void;
};

/**
 * Begins a run that waited for its turn; resolves when it waits again, or has begun. So many servers were lost as they
 * began it.
 */
export type BeginRun = (run: StoredRun, losses: number) => Promise<void>;

/** How soon a run that could neither begin nor be ended is tried again, in milliseconds: the store was away. */
const RETRY_MS = 1000;

/** Finds the runs that dead servers of the store left: this one carries them out, or says that they were cut. */
export function createLeftRuns(options: LeftRunsOptions) {
  const { store, server, onChange, now } = options;
  /** The first time those of unknown servers are looked for, too. */
  let withUnknown = server.isAlone;
  /** Whether an answer was lost that may have told of runs. */
  let isOwed = false;
  let taking = Promise.resolve();
  const line = createLine(options);

  const listDead = () => listDeadOf(options);

  const take = async () => {
    isOwed = true;
    // The dead first: a server that starts after this look is none of them.
    const left = { dead: await listDead(), withUnknown };
    for (const run of await store.interruptLeft(left, now())) onChange(run);
    line.add(await store.claimPutOff(left, server.id));
    withUnknown = false;
    isOwed = false;
  };

  return {
    /** Whether there are runs that no server is at. */
    hasLeft: async () => isOwed || (await store.hasGivenBack()) || (await listDead()).length > 0,
    takeOver(): Promise<void> {
      const taken = taking.then(take);
      taking = taken.catch(() => undefined);
      return taken;
    },
    /** Whether a run that this server is not at goes on elsewhere, or will somewhere. */
    async isExpected(id: string) {
      const found = await store.read(id);
      if (!found || isEnded(found) || found.server === undefined) return false;
      if (found.server !== server.id) return true;
      await taking; // it may be this server's since a moment ago
      return line.has(id);
    },
    /** Begins with this what waited for its turn and was taken over, and what will be. */
    beginLeft: (how: BeginRun) => line.start(how),
    /** One that was taken over and could not begin has failed, unless it was given back. */
    failLeft: (id: string, failure: RunEnding['failure']) => failLeftOf(options, id, failure),
    /** Cancels a run that waits for its turn, and that no server is at; one that begins here meanwhile has begun then. */
    async cancelLeft(id: string) {
      await taking;
      await line.begun(id);
      const found = await store.read(id);
      if (!found || isEnded(found) || found.server === undefined) return;
      const isOwn = found.server === server.id;
      const isAtWork = isOwn ? !line.has(id) : await isAlive(options, found.server);
      if (!isAtWork && (await store.cancelPutOff(id, found.server, now()))) {
        const cancelled = await store.read(id);
        if (cancelled) onChange(cancelled);
      }
      await line.begun(id);
    },
    /** Begins nothing more. */
    leaveLeft: line.leave,
  };
}

/** Begins runs one after the other, the oldest first. */
function createLine({ store, server, onProblem }: LeftRunsOptions) {
  const closing = new AbortController();
  const waiting: StoredRun[] = [];
  /** Those that have not begun here. */
  const claimed = new Set<string>();
  /** How many servers were lost as they began one that is just beginning here. */
  const losses = new Map<string, number>();
  let begin: BeginRun | undefined;
  let current: { id: string; begun: Promise<void> } | undefined;
  let line = Promise.resolve();

  const tryOnce = async (run: StoredRun, start: BeginRun) => {
    const found = await store.read(run.id);
    if (!found || isEnded(found) || found.server !== server.id) return;
    if (!losses.has(run.id)) losses.set(run.id, await store.noteBeginning(run.id, server.id));
    const begun = start(run, losses.get(run.id) ?? 0);
    current = { id: run.id, begun: begun.catch(() => undefined) };
    await begun.finally(() => (current = undefined));
    await store.noteBegun(run.id, server.id).catch(onProblem);
  };

  const beginOne = async (run: StoredRun, start: BeginRun) => {
    while (!closing.signal.aborted && claimed.has(run.id)) {
      try {
        await tryOnce(run, start);
        claimed.delete(run.id);
        losses.delete(run.id);
      } catch (error) {
        onProblem(error);
        await delay(RETRY_MS, undefined, { ref: false, signal: closing.signal }).catch(ignore);
      }
    }
  };

  const beginAll = () => {
    const start = begin;
    if (!start) return;
    for (const run of waiting.splice(0)) line = line.then(() => beginOne(run, start));
  };

  return {
    has: (id: string) => claimed.has(id),
    add(runs: readonly StoredRun[]) {
      for (const { id } of runs) claimed.add(id);
      waiting.push(...runs);
      beginAll();
    },
    start(how: BeginRun) {
      begin = how;
      beginAll();
    },
    /** Resolves when the run has begun, if it is just about to. */
    begun: async (id: string) => (current?.id === id ? current.begun : undefined),
    leave: () => closing.abort(),
  };
}

function ignore(): void {}

async function isAlive({ server }: Pick<LeftRunsOptions, 'server'>, id: string) {
  return id !== '' && server.isRunning(id);
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
