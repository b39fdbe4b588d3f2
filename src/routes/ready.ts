import type { Handler } from 'hono';

import type { CliStatus } from '../backend.ts';
import type { AppEnv } from '../http/variables.ts';
import type { ClusterState, HealthParts } from './health.ts';
import type { ReadKnownStatus } from './known-status.ts';

type ReadyParts = Pick<
  HealthParts,
  'queue' | 'maxQueueSize' | 'isDraining' | 'isCountedInMemory' | 'isStored' | 'cluster'
>;

type Situation = ReadyParts & { status: CliStatus | undefined };

/** Why a server should get no requests, each with its test. */
const REASONS = {
  'cli-silent': ({ status, cluster }) => (cluster ? isEach(cluster, null) : status === undefined),
  'not-logged-in': ({ status, cluster }) =>
    cluster ? isEach(cluster, false) : status?.isLoggedIn === false,
  'redis-lost': ({ cluster }) => cluster?.isUp() === false,
  'no-worker': ({ cluster }) => cluster?.workers().length === 0,
  draining: ({ isDraining }) => isDraining(),
  'queue-full': ({ queue, maxQueueSize }) => isFull(queue(), maxQueueSize),
} satisfies Record<string, (situation: Situation) => boolean>;

/** What is not as it should be though requests are carried out. */
const WARNINGS = {
  'limits-in-memory': ({ isCountedInMemory }) => isCountedInMemory(),
  'nothing-stored': ({ isStored }) => !isStored(),
} satisfies Record<string, (situation: Situation) => boolean>;

export type Reason = keyof typeof REASONS;

export type Warning = keyof typeof WARNINGS;

/**
 * `GET /ready`: whether a request would be carried out now, 503 with the reasons if not, and what is not as it
 * should be though requests are carried out. No key needed.
 * Like `/health` it answers at once; it asks the CLI no more often.
 */
export function ready(parts: ReadyParts, readKnownStatus: ReadKnownStatus): Handler<AppEnv> {
  return async (c) => {
    const { reasons, warnings } = await readReadiness(parts, readKnownStatus);
    const isReady = reasons.length === 0;
    const status = isReady ? 'ready' : 'not-ready';
    return c.json({ status, reasons, warnings }, isReady ? 200 : 503);
  };
}

/** What keeps the server from requests now, and what else is not as it should be. */
export async function readReadiness(
  parts: ReadyParts,
  readKnownStatus: ReadKnownStatus,
): Promise<{ reasons: readonly Reason[]; warnings: readonly Warning[] }> {
  const situation = { ...parts, status: await readKnownStatus() };
  return {
    reasons: listWhatHolds(REASONS, situation),
    warnings: listWhatHolds(WARNINGS, situation),
  };
}

/** Of all workers; where there is none, that is a reason of its own. */
function isEach({ workers }: ClusterState, isLoggedIn: boolean | null) {
  return workers().length > 0 && workers().every(({ loggedIn }) => loggedIn === isLoggedIn);
}

function listWhatHolds<Name extends string>(
  checks: Readonly<Record<Name, (situation: Situation) => boolean>>,
  situation: Situation,
) {
  const names = Object.keys(checks) as Name[]; // `keys` forgets the names
  return names.filter((name) => checks[name](situation));
}

function isFull(queue: ReturnType<ReadyParts['queue']>, maxQueueSize: number) {
  return queue.running >= queue.concurrency && queue.waiting >= maxQueueSize;
}
