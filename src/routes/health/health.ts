import type { Handler } from 'hono';

import type { PlanLimit } from '../../backend.ts';
import type { AppEnv } from '../../http/variables.ts';
import type { ReadKnownStatus } from './known-status.ts';

/** How a cluster stands, as its front sees it. */
export type ClusterState = {
  /** Whether its Redis answers. */
  isUp: () => boolean;
  workers: () => readonly ClusterWorkerState[];
  /** Lets a worker take no more, or take again. Throws `not-found` for an unknown one. */
  setDraining: (worker: string, isDraining: boolean) => Promise<void>;
  /** Lets a worker finish what it has, and leave. Throws `not-found` for an unknown one. */
  remove: (worker: string) => Promise<void>;
};

/** A worker, as it says it is. */
export type ClusterWorkerState = {
  id: string;
  host: string;
  version: string;
  places: number;
  running: number;
  isDraining: boolean;
  loggedIn: boolean | null;
  account: string | null;
  tags: readonly string[];
  cliVersion: string;
  seenAt: number;
};

export type HealthParts = {
  version: string;
  /** The CLI's as the server started; what it tells by itself comes first, since it may be replaced. */
  cliVersion: string;
  /** When the server started, by `performance.now()`: the time of day jumps. */
  startedAtMs: number;
  queue: () => { waiting: number; running: number; concurrency: number };
  /** Requests that may wait. */
  maxQueueSize: number;
  /** Whether the server takes nothing new because it stops. */
  isDraining: () => boolean;
  /** Whether the limits of keys are counted in memory only, and forgotten by a restart. */
  isCountedInMemory: () => boolean;
  /** Whether the state folder takes what is to be stored. */
  isStored: () => boolean;
  countSessions: () => Promise<number>;
  /** What is seen of the cluster, where there is one. */
  cluster?: ClusterState | undefined;
  /** Whether a script answers in the place of a model. */
  isDemo: boolean;
  /** How far the account's plan is used up, as far as it is known. */
  planLimits: () => readonly PlanLimit[];
  /** How the CLI is, as it last told. */
  readKnownStatus: ReadKnownStatus;
};

/**
 * `GET /health`: no key needed, no secrets told. Answers at once from what is known: it may be called
 * every second, and a broken CLI must neither hang it nor be started by each call.
 */
export function health(parts: HealthParts): Handler<AppEnv> {
  return async (c) => {
    const status = await parts.readKnownStatus();
    return c.json({
      status: status?.isLoggedIn ? 'ok' : 'degraded',
      version: parts.version,
      uptimeSeconds: Math.floor((performance.now() - parts.startedAtMs) / 1000),
      queue: parts.queue(),
      sessions: await parts.countSessions(),
      cli: {
        version: status?.version ?? parts.cliVersion,
        found: true,
        loggedIn: status?.isLoggedIn ?? null,
      },
    });
  };
}
