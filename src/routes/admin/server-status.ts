import type { Handler } from 'hono';

import type { PlanLimit } from '../../backend.ts';
import { anthropicMessages } from '../../dialects/anthropic-messages/index.ts';
import type { AppEnv } from '../../http/variables.ts';
import { readConditions, toTroubles, type Trouble } from '../health/conditions.ts';
import type { ClusterState, ClusterWorkerState } from '../health/health.ts';
import type { AdminParts } from './admin-parts.ts';

type ShownPlanLimit = Omit<PlanLimit, 'resetsAtMs'> & { resetsAt: string };

type ShownWorker = Omit<ClusterWorkerState, 'seenAt'> & { seenAt: string };

const PARAM_NAMES = { ...anthropicMessages.paramNames, outputSchema: 'output_config.format' };

/** How the server is, now. */
export type ServerStatus = {
  version: string;
  uptimeSeconds: number;
  isDraining: boolean;
  queue: { waiting: number; running: number; concurrency: number; maxWaiting: number };
  /** CLI processes alive, by what they do. */
  processes: Readonly<Record<string, number>>;
  sessions: number;
  /** `null` while the CLI has not told. */
  cli: { version: string; loggedIn: boolean | null; account: string | null };
  /** What models refused: with the same values it is left out until then. */
  refusals: readonly { model: string; param: string; expiresAt: string }[];
  /** How far the account's plan is used up; empty where that is not known. */
  planLimits: readonly ShownPlanLimit[];
  cluster?: { isConnected: boolean; workers: readonly ShownWorker[] };
  /** What needs a person, and what to do. */
  troubles: readonly Trouble[];
};

/** `GET /api/admin/status` */
export function getServerStatus(parts: AdminParts): Handler<AppEnv> {
  return async (c) => c.json(await readServerStatus(parts));
}

/** Answers at once, from what is known. */
export async function readServerStatus({ health, watch }: AdminParts): Promise<ServerStatus> {
  const status = await health.readKnownStatus();
  return {
    version: health.version,
    uptimeSeconds: Math.floor((performance.now() - health.startedAtMs) / 1000),
    isDraining: health.isDraining(),
    queue: { ...health.queue(), maxWaiting: health.maxQueueSize },
    processes: watch.processes(),
    sessions: await health.countSessions(),
    cli: {
      version: status?.version ?? health.cliVersion,
      loggedIn: status?.isLoggedIn ?? null,
      account: status?.account ?? null,
    },
    refusals: watch.refusals().map(({ model, param, expiresInMs }) => ({
      model,
      param: PARAM_NAMES[param],
      expiresAt: new Date(Date.now() + expiresInMs).toISOString(),
    })),
    planLimits: health.planLimits().map(({ resetsAtMs, ...limit }) => ({
      ...limit,
      resetsAt: new Date(resetsAtMs).toISOString(),
    })),
    ...(health.cluster && { cluster: toClusterStatus(health.cluster) }),
    troubles: toTroubles(await readConditions(health)),
  };
}

function toClusterStatus({ isUp, workers }: ClusterState) {
  return {
    isConnected: isUp(),
    workers: workers().map((worker) => ({
      id: worker.id,
      host: worker.host,
      version: worker.version,
      cliVersion: worker.cliVersion,
      places: worker.places,
      running: worker.running,
      isDraining: worker.isDraining,
      loggedIn: worker.loggedIn,
      account: worker.account,
      tags: worker.tags,
      seenAt: new Date(worker.seenAt).toISOString(),
    })),
  };
}
