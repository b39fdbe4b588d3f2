import { hostname } from 'node:os';

import { openRuns } from '../agent-runs/open-runs.ts';
import { type AllowedFolders, checkAllowedPaths } from '../allowed-folders.ts';
import { createApp } from '../app.ts';
import type { Backend, CheckPaths } from '../backend.ts';
import type { OpenedBatches } from '../batches/open-batches.ts';
import { HOP_HEADER } from '../claude/launch/child-environment.ts';
import { toLoginCommand } from '../claude/launch/login-command.ts';
import type { ClaudeInstallation } from '../claude/launch/find-claude.ts';
import type { Config, Environment } from '../config.ts';
import type { Log } from '../http/log-request.ts';
import { createInputRules } from '../keys/input-rules.ts';
import { createRun, toAllowedFolders } from '../layers/create-run.ts';
import { createWaitingRoom, toMostWaiting } from '../limits/waiting-room.ts';
import { createLog, listSecrets } from '../observation/create-log.ts';
import type { NamedServer } from '../observation/all-runs.ts';
import type { LiveRuns } from '../observation/live-runs.ts';
import { createSharedRuns } from '../observation/shared-runs.ts';
import { createWatch, type Watch } from '../observation/watch.ts';
import {
  createServerGate,
  listClusterSecrets,
  openBackend,
  type OpenedBackend,
} from './open-backend.ts';
import { openHealth } from './open-health.ts';
import { openIdleSessions } from './open-idle-sessions.ts';
import { openServerTracing } from './open-server-tracing.ts';
import { openServerBatches } from './open-server-batches.ts';
import { type OpenedKeys, openKeys } from './open-keys.ts';
import { openKeyPlace, type OpenedShared, openShared } from './open-shared.ts';
import { openStores } from './open-stores.ts';
import type { SharedState } from '../state/shared-state.ts';
import { removeExpired } from './remove-expired.ts';
import { toShutdown } from '../run-error.ts';

export type ServerOptions = {
  config: Config;
  /** What the CLI processes' environment is chosen from. */
  environment: Environment;
  claude: ClaudeInstallation;
  /** The owner's key, which may do everything; further ones stand in the state folder, or in a cluster's Redis. */
  proxyKey: string;
  /** This package's version. */
  version: string;
  /** Whether a script answers in the place of a model. Default: no. */
  isDemo?: boolean;
  /** What stands between the server and the CLI. Default: nothing. */
  wrapBackend?: (backend: Backend) => Backend;
};

/** Everything that is made once; `close` gives it back when no run is left. */
export async function createServerParts(options: ServerOptions) {
  const { config, environment, claude, proxyKey } = options;
  const secrets = [proxyKey, ...listClusterSecrets(config), ...listSecrets(environment)];
  const log = createLog({ level: config.logLevel, secrets });
  const gate = createServerGate(config);
  const tracing = await openServerTracing(config, options.version, log);
  const shared = await openShared(config, log);
  const cli = await openBackend(options, {
    gate,
    log,
    tracing,
    shared,
    onCost(caller, costUsd) {
      void keys.limits.charge(caller.keyId, costUsd);
      watch.observer.charged?.(caller, costUsd);
      void runs.charge(caller.requestId, costUsd);
    },
  });
  const { backend, cluster, queue, readCliStatus } = cli;
  const readTags = async (keyId: string) => (await keys.book.get(keyId))?.tags;
  const { transcripts } = backend;
  const stores = await openStores(config, { transcripts, readTags, secrets, shared, log });
  const { sessions, responses } = stores;
  const readModels = async () => (await readCliStatus()).models;
  const place = await openKeyPlace(config.stateDir, shared);
  const keys = openKeys({ config, ownerKey: proxyKey, place, shared, readModels, log });
  const watch = openWatch({ cli, stores, shared, tracing, log, readRestarts: () => restarts });
  let restarts = 0;
  const drain = { isOn: false };
  const stopped = new AbortController();
  const started = Promise.withResolvers<void>();
  const { steering, ...answering } = createRun({
    config,
    backend,
    sessions,
    gate,
    keys: keys.parts,
    loginCommand: toLoginCommand(claude.path),
    onRetry: () => void (restarts += 1),
    stopped: stopped.signal,
    tracing,
    isElsewhere: cluster !== undefined,
  });
  const folders = toAllowedFolders(config);
  const runs = await openRuns({
    config,
    server: stores.server,
    shared,
    front: cli.front,
    inputs: { steering, ...createInputParts(config, cli, { keys, folders }) },
    ...keys.ofRuns,
    log,
  });
  const batches = openServerBatches({ ...stores.server, config, gate, keys, log, shared });
  const { health, endAlerts } = openHealth(options, { queue, cli, drain, keys, sessions, log });
  const app = createApp({
    ...answering,
    keys: keys.book,
    signIns: keys.signIns,
    keyStore: keys.store,
    limits: keys.limits,
    readCliStatus,
    health,
    sessions,
    idleSessions: openIdleSessions({ config, cli, folders, sessions, gate, readTags }),
    responses,
    runs,
    batches,
    started: started.promise,
    watch,
    log,
    settings: { ...config, hopHeader: HOP_HEADER },
  });
  return {
    app,
    log,
    gate,
    responses,
    drain,
    stopped,
    noteStarted: started.resolve,
    readCliStatus,
    removeLeftBehind: cli.removeLeftBehind,
    ...createUpkeep({ cli, shared, stores, watch, runs, batches, keys, endAlerts, log }),
  };
}

/** What bounds the answers to what runs wait for: the rules of their keys, their folders, and how many may wait. */
function createInputParts(
  config: Config,
  { backend, cluster }: Pick<OpenedBackend, 'backend' | 'cluster'>,
  { keys, folders }: { keys: OpenedKeys; folders: AllowedFolders },
) {
  const readMost = () => cluster?.mostWaiting() ?? toMostWaiting(config);
  const checkPaths: CheckPaths = (_, paths) => checkAllowedPaths(paths, folders);
  return {
    check: createInputRules(keys.book),
    checkPaths: backend.checkPaths ?? checkPaths,
    takeRoom: createWaitingRoom(keys.places, readMost),
  };
}

type Watched = Pick<Kept, 'cli' | 'stores' | 'shared' | 'log'> &
  Pick<Watch, 'tracing'> & { readRestarts: () => number };

function openWatch({ cli, stores, shared, tracing, log, readRestarts }: Watched) {
  const { backend, cluster, front, queue, isModel } = cli;
  const named = front === undefined ? undefined : { id: front, host: hostname() };
  const toAllRuns = (state: SharedState, self: NamedServer) => (live: LiveRuns) =>
    createSharedRuns({
      shared: state,
      front: self,
      live,
      findWorker: (requestId) => cluster?.findWorker(requestId),
      onProblem: (error) => log.error({ err: error }, 'other servers could not be told what runs'),
    });
  const { history, requests, others } = stores;
  return createWatch({
    history,
    requests,
    others,
    queue,
    processes: () => backend.counts().processes,
    runner: () => ({ ...backend.counts(), restarts: readRestarts() }),
    isModel,
    cluster,
    tracing,
    front: named,
    toAllRuns: shared && named ? toAllRuns(shared, named) : undefined,
    withNodeMetrics: true,
  });
}

type Kept = {
  cli: OpenedBackend;
  shared: OpenedShared | undefined;
  stores: Awaited<ReturnType<typeof openStores>>;
  watch: Pick<Watch, 'sample' | 'tracing'>;
  runs: Awaited<ReturnType<typeof openRuns>>;
  batches: OpenedBatches;
  keys: OpenedKeys;
  endAlerts: () => Promise<void>;
  log: Log;
};

/** Forgets what is old, and gives everything back. */
function createUpkeep({ cli, shared, stores, watch, runs, batches, keys, endAlerts, log }: Kept) {
  const parts = [runs, stores, batches, keys];
  const takeOver = async () => {
    if (!(await runs.hasLeft())) return;
    // Their processes first: one may still be at the session in which a run goes on.
    await cli.removeLeftBehind();
    await runs.takeOver();
  };
  return {
    removeExpired: () =>
      removeExpired(
        parts.map((part) => part.removeExpired),
        log,
      ),
    sample: watch.sample,
    /** Sees to what servers left that died since the last look. Never throws. */
    takeOver: () =>
      takeOver().catch((error: unknown) => {
        log.error({ err: error }, 'what a dead server left could not be taken over');
      }),
    close: async () => {
      await endAlerts();
      await stores.responses.close(toShutdown());
      await runs.endAll(toShutdown());
      await batches.close(toShutdown());
      await cli.close(); // a process tells what it has cost as it ends
      await runs.close(toShutdown());
      await stores.close();
      keys.close();
      shared?.end();
      await watch.tracing?.close();
    },
  };
}
