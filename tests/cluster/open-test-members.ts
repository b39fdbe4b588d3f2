import { randomUUID } from 'node:crypto';

import { type Backend, NO_SESSION_WORK, NO_STEERING } from '../../src/backend.ts';
import { type Front, type FrontOptions, openFront } from '../../src/cluster/front/open-front.ts';
import { type ClusterWorker, openWorker } from '../../src/cluster/worker/open-worker.ts';
import type { Run } from '../../src/run.ts';

/** Of the clusters of tests. */
export const SECRET = 'a-secret-of-this-cluster-0123456789';

/** Where a front or a worker of a test joins. */
type Place = {
  redisUrl: string;
  prefix: string;
  tags?: readonly string[];
  places?: number;
  countTokens?: Backend['countTokens'];
  onProblem?: (error: unknown) => void;
};

/** A front in this process. */
export function openTestFront({
  onProblem = ignore,
  ...options
}: Place & Partial<FrontOptions>): Promise<Front> {
  return openFront({
    secret: SECRET,
    lockMs: 5000,
    checkMs: 500,
    ttlMs: { calls: 1000, conversations: 1000, sessions: 1000 },
    onCost: () => undefined,
    maxQueueSize: 20,
    queueTimeoutMs: 20_000,
    onProblem,
    ...options,
  });
}

/** A worker in this process, whose runs say what this one says. */
export function openTestWorker(
  { onProblem = ignore, tags = [], countTokens = () => Promise.resolve(1), ...place }: Place,
  run: Run,
): Promise<ClusterWorker> {
  const backend: Backend = {
    run,
    steering: NO_STEERING,
    sessionWork: NO_SESSION_WORK,
    countTokens,
    readStatus: () => Promise.resolve({ isLoggedIn: true, account: undefined, models: [] }),
    createSessionId: () => Promise.resolve(randomUUID()),
    counts: () => ({
      processes: { running: 0, ready: 0, kept: 0, suspended: 0 },
      spares: { chat: { hit: 0, missed: 0 }, agent: { hit: 0, missed: 0 } },
      apiRetries: new Map(),
      refusals: [],
      planLimits: [],
    }),
    close: () => Promise.resolve(),
  };
  return openWorker({
    secret: SECRET,
    home: randomUUID(),
    version: 'test',
    cliVersion: 'none',
    places: 1,
    mostWaiting: 1,
    tags,
    sharesTranscripts: false,
    onRemove: ignore,
    lockMs: 5000,
    stalledMs: 1000,
    backend,
    run,
    onChange: () => undefined,
    onProblem,
    ...place,
  });
}

function ignore(): void {}
