import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import type { CliProcess } from '../process/cli-process.ts';
import { type AgentLaunch, createLaunchPools } from './launch-pools.ts';
import { createReservations } from './reservations.ts';
import { createSpares, waitUntilUp, type Spares, type SparesOptions } from '../spares.ts';

export type AgentSparesOptions = Pick<
  SparesOptions,
  'openProcess' | 'startMs' | 'load' | 'loadChanged' | 'hasRoom'
> & {
  /** Launches remembered, so that no key takes the place of all others; 0 switches spares off. */
  count: number;
  /** Longest time that a process is kept for a launch that nobody uses, in milliseconds. */
  idleMs: number;
  /** Longest time between `reserve` and `claim`, in milliseconds. */
  reservedMs: number;
  /** Called for each new session, with whether a process was ready for it. */
  onTake: (isHit: boolean) => void;
};

/**
 * Processes started ahead for agents. What an agent is started with (folder, tools, model, limits) is
 * learnt from use. The session's id is on the command line, so each process comes with its own.
 * None is started in a git repository: soon after its start the CLI reads the repository's state, and gives
 * the model that state however old it is by then (CLI 2.1.330).
 */
export type AgentSpares = {
  /** The id for a new session: that of a process ready for exactly this launch, or else a new one. */
  reserve: (launch: AgentLaunch) => Promise<string>;
  /** The process that was reserved with this id, if it still fits the launch. */
  claim: (id: string, launch: AgentLaunch) => CliProcess | undefined;
  /** Notes that a launch was used by a key of this id: the next run will likely want the same. */
  learn: (launch: AgentLaunch, keyId: string) => void;
  /** Ends one; returns whether there was one. */
  evict: () => boolean;
  /** Ends all and starts them anew, since the login or the CLI has changed. */
  retire: () => void;
  stop: () => void;
  ready: () => number;
};

/** What a spare was started as; a folder that was replaced has another inode. */
type Started = { id: string; folder: string };

export function createAgentSpares(options: AgentSparesOptions): AgentSpares {
  const { count, idleMs, reservedMs, onTake, ...starting } = options;
  const pools = createLaunchPools({ count, idleMs, open });
  const reserved = createReservations(reservedMs);
  const started = new WeakMap<CliProcess, Started>();

  return {
    async reserve(launch) {
      const key = toKey(launch);
      const process = pools.takeReady(key);
      const spare = process && started.get(process);
      if (!spare) return randomUUID();
      const { folder } = launch(undefined);
      if (spare.folder !== (await identify(folder)) || isInRepository(folder)) {
        void process.end();
        pools.close(key); // its next ones would be no better
        return randomUUID();
      }
      reserved.add(spare.id, process, key);
      return spare.id;
    },
    claim(id, launch) {
      const entry = reserved.take(id);
      const isFit = entry?.key === toKey(launch);
      onTake(isFit);
      if (!isFit) void entry?.process.end();
      return isFit ? entry?.process : undefined;
    },
    learn(launch, keyId) {
      if (count === 0 || isInRepository(launch(undefined).folder)) return;
      pools.use(toKey(launch), launch, keyId);
    },
    evict: () => pools.evict() || reserved.evict(),
    retire() {
      pools.retire();
      reserved.endAll();
    },
    stop: pools.stop,
    ready: () => reserved.size() + pools.ready(),
  };

  function open(launch: AgentLaunch): Spares {
    return createSpares({
      ...starting,
      profile: launch(undefined),
      count: () => 1,
      prepare: waitUntilUp,
      async openProcess(profile, signal) {
        const id = randomUUID();
        const folder = await identify(profile.folder);
        const process = await starting.openProcess(launch({ id, isNew: true }), signal);
        started.set(process, { id, folder });
        return process;
      },
    });
  }
}

function toKey(launch: AgentLaunch) {
  const { args, environment, folder } = launch(undefined);
  return JSON.stringify([args, environment, folder]);
}

function isInRepository(folder: string): boolean {
  const parent = dirname(folder);
  return existsSync(join(folder, '.git')) || (parent !== folder && isInRepository(parent));
}

/** Identifies a folder, so that another one of the same name, or none, is a different one. */
async function identify(folder: string) {
  const { dev, ino } = await stat(folder).catch(() => ({ dev: 0, ino: 0 }));
  return `${dev}:${ino}`;
}
