import { mkdir } from 'node:fs/promises';

import { toRunKey } from '../agent-runs/shared/shared-run-store.ts';
import { checkAllowedPaths } from '../allowed-folders.ts';
import type { Backend, CheckPaths } from '../backend.ts';
import type { ClusterView } from '../cluster/front/watch-cluster.ts';
import type { ClusterWorker } from '../cluster/worker/open-worker.ts';
import type { Config } from '../config.ts';
import { createGate, type Gate } from '../layers/gate.ts';
import { createRequestLog } from '../http/log-request.ts';
import { createWorkerRun, toAllowedFolders } from '../layers/create-run.ts';
import { sessionWorkInFolders } from '../layers/idle-sessions/session-work-in-folders.ts';
import { withObservation } from '../layers/with-observation.ts';
import { toMostWaiting } from '../limits/waiting-room.ts';
import { combineObservers, type RunObserver } from '../observation/run-record.ts';
import type { Caller } from '../run.ts';
import { KNOWN_AFTER_MS } from '../sessions/shared-store.ts';
import type { SharedState } from '../state/shared-state.ts';
import type { Tracing } from '../tracing/tracing.ts';
import { type CliParts, createCatalogue, openCli } from './open-cli.ts';
import { toAddress } from './open-shared.ts';
import { readHome } from './read-home.ts';
import type { ServerOptions } from './server-parts.ts';

/** What answers runs: the CLI here, or the workers of a cluster, of which this may be one. */
export type OpenedBackend = Awaited<ReturnType<typeof openCli>> & {
  /** What is seen of the cluster, if there is one. */
  cluster: ClusterView | undefined;
  /** How the workers know this server as a front, if there are any. */
  front: string | undefined;
  /** Who waits, and runs: here, or in the whole cluster. */
  queue: ClusterView['queue'];
};

/** Runs of a front wait in the cluster's queue, not in its own. */
const UNBOUNDED = 1_000_000;

/** The gate of a server: of a front it is open, as the cluster has the places. */
export function createServerGate(config: Config): Gate {
  const { workerConcurrency, maxQueueSize, queueTimeoutMs } = config;
  const concurrency = config.redisUrl === undefined ? workerConcurrency : UNBOUNDED;
  return createGate({ concurrency, maxQueueSize, queueTimeoutMs });
}

/** Opens what answers runs. Modules of a cluster are loaded only where there is one. */
export async function openBackend(
  options: ServerOptions,
  parts: CliParts & Pick<OwnWorkerParts, 'tracing'> & { shared: SharedState | undefined },
): Promise<OpenedBackend> {
  const { config } = options;
  if (config.redisUrl === undefined) {
    return {
      ...(await openCli(options, parts)),
      cluster: undefined,
      front: undefined,
      queue: parts.gate.counts,
    };
  }
  const worker = config.role === 'both' ? await openOwnWorker(options, parts) : undefined;
  const { openFront } = await import('../cluster/front/open-front.ts');
  const { shared } = parts;
  const { id, backend, view } = await openFront({
    ...toAddress(config),
    lockMs: config.workerLockMs,
    checkMs: config.stalledIntervalMs,
    maxQueueSize: config.maxQueueSize,
    queueTimeoutMs: config.queueTimeoutMs,
    ttlMs: {
      calls: config.suspendedCallTtlMs,
      conversations: config.keptProcessTtlMs,
      sessions: config.sessionTtlMs + KNOWN_AFTER_MS,
    },
    ...(shared && { toRecord: (requestId) => toRunKey(shared, requestId) }),
    onCost: parts.onCost,
    onProblem: (error) => parts.log.error({ err: error }, 'the cluster has a problem'),
  });
  const catalogue = createCatalogue(backend.readStatus);
  return {
    backend,
    // What servers share has a connection of its own, without which nothing can be let in.
    cluster: { ...view, isUp: () => view.isUp() && shared?.upForMs() !== 0 },
    front: id,
    queue: view.queue,
    readCliStatus: catalogue.readCliStatus,
    isModel: catalogue.has,
    removeLeftBehind: async () => worker?.removeLeftBehind(),
    async close() {
      await backend.close();
      await worker?.close(0);
    },
  };
}

export type OpenedWorker = {
  worker: ClusterWorker;
  backend: Backend;
  /** Runs begun anew so far, since their CLI process died before it said anything. */
  restarts: () => number;
  removeLeftBehind: () => Promise<void>;
  /** Leaves the cluster, with a grace for what is at work in milliseconds, and ends the CLI processes. */
  close: (graceMs: number) => Promise<void>;
};

export type OwnWorkerParts = Pick<CliParts, 'log'> & {
  /** Makes spans, if any. */
  tracing: Tracing | undefined;
  /** Hears of every run that the worker carries out, beside its log. Default: nothing. */
  observer?: RunObserver;
  /** Called when an admin wants it to leave. Default: it does, and the rest of the program stays. */
  onRemove?: () => void;
};

/** Makes this process a worker of the cluster. */
export async function openOwnWorker(
  options: ServerOptions,
  { log, tracing, observer = {}, onRemove }: OwnWorkerParts,
): Promise<OpenedWorker> {
  const { config } = options;
  const { openWorker } = await import('../cluster/worker/open-worker.ts');
  await mkdir(config.defaultWorkspaceDir, { recursive: true });
  let noteChange = ignore;
  let restarts = 0;
  const joined: { worker?: ClusterWorker } = {};
  const cli = await openCli(options, {
    log,
    gate: {
      counts: () => ({
        running: joined.worker?.count() ?? 0,
        waiting: 0,
        concurrency: config.workerConcurrency,
      }),
      onChange: (listener) => void (noteChange = listener),
    },
    onCost: (caller: Caller, costUsd: number) => joined.worker?.tellCost(caller, costUsd),
  });
  const folders = toAllowedFolders(config);
  const sessionWork = sessionWorkInFolders(cli.backend.sessionWork, folders);
  const checkPaths: CheckPaths = (_, paths) => checkAllowedPaths(paths, folders);
  const onRetry = () => void (restarts += 1);
  const run = createWorkerRun({ config, backend: cli.backend, tracing, onRetry });
  const observers = combineObservers([createRequestLog(log).observer, observer]);
  const worker = await openWorker({
    ...toAddress(config),
    home: await readHome(config.stateDir),
    version: options.version,
    cliVersion: options.claude.version,
    places: config.workerConcurrency,
    mostWaiting: toMostWaiting(config),
    tags: config.workerTags,
    sharesTranscripts: config.transcripts === 'shared',
    lockMs: config.workerLockMs,
    stalledMs: config.stalledIntervalMs,
    backend: { ...cli.backend, checkPaths, sessionWork },
    run: withObservation(run, observers, { dialect: 'worker' }),
    onRemove: onRemove ?? (() => void joined.worker?.leave(config.shutdownGraceMs)),
    onChange: () => noteChange(),
    onProblem: (error) => log.error({ err: error }, 'the worker has a problem'),
  }).catch(async (error: unknown) => {
    await cli.close();
    throw error;
  });
  joined.worker = worker;
  return {
    worker,
    backend: cli.backend,
    restarts: () => restarts,
    removeLeftBehind: cli.removeLeftBehind,
    async close(graceMs) {
      await worker.leave(graceMs);
      await cli.close();
    },
  };
}

/** What a cluster's own settings hold that no log may show. */
export function listClusterSecrets({ redisUrl, clusterSecret }: Config): readonly string[] {
  const password = redisUrl && decodeURIComponent(new URL(redisUrl).password);
  return [redisUrl, password, clusterSecret].filter((text) => text !== undefined);
}

function ignore(): void {}
