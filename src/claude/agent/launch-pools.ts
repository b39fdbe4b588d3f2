import type { AgentOptions } from '../../run.ts';
import type { LaunchProfile } from '../launch/launch.ts';
import { findOldestOfMost } from '../idle-pool.ts';
import type { Spares } from '../spares.ts';

/** What an agent's process is started with; the session's id is added last. */
export type AgentLaunch = (session: AgentOptions['session']) => LaunchProfile;

type LaunchPoolsOptions = {
  /** Launches remembered; beyond that the key with the most loses its least recently used one. */
  count: number;
  /** Longest time that an unused launch is remembered, in milliseconds. */
  idleMs: number;
  /** Begins to start processes ahead for a launch. */
  open: (launch: AgentLaunch) => Spares;
};

type Pool = { spares: Spares; timer: NodeJS.Timeout; keyId: string };

/** Keeps processes ready for the launches that were used last, by the key of the launch. */
export function createLaunchPools({ count, idleMs, open }: LaunchPoolsOptions) {
  /** The least recently used first. */
  const pools = new Map<string, Pool>();

  const close = (key: string) => {
    const pool = pools.get(key);
    pools.delete(key);
    clearTimeout(pool?.timer);
    pool?.spares.stop();
    pool?.spares.retire();
  };

  return {
    takeReady: (key: string) => pools.get(key)?.spares.takeReady()?.process,
    /** Remembers a launch from here on, used by the key of this id. */
    use(key: string, launch: AgentLaunch, keyId: string) {
      const known = pools.get(key);
      clearTimeout(known?.timer);
      pools.delete(key);
      const timer = setTimeout(close, idleMs, key).unref();
      pools.set(key, { spares: known?.spares ?? open(launch), timer, keyId });
      if (pools.size <= count) return;
      const oldest = findOldestOfMost(pools, ([, pool]) => pool.keyId);
      if (oldest !== undefined) close(oldest[0]);
    },
    close,
    /** Ends one process; returns whether there was one. */
    evict: () => [...pools.values()].some(({ spares }) => spares.evict()),
    /** Ends all processes, and starts them anew. */
    retire() {
      for (const { spares } of pools.values()) spares.retire();
    },
    stop: () => {
      for (const key of pools.keys()) close(key);
    },
    ready: () => [...pools.values()].reduce((sum, { spares }) => sum + spares.ready(), 0),
  };
}
