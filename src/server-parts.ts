import { homedir } from 'node:os';
import { join } from 'node:path';

import { openRuns } from './agent-runs/open-runs.ts';
import { createApp } from './app.ts';
import type { Backend } from './backend.ts';
import { readTranscript, removeTranscript } from './claude/agent/transcripts.ts';
import type { ChatCost } from './claude/chat/chat-costs.ts';
import { createClaudeBackend } from './claude/create-claude-backend.ts';
import { HOP_HEADER, isSecret, toChildEnvironment } from './claude/launch/child-environment.ts';
import type { ClaudeInstallation } from './claude/launch/find-claude.ts';
import { listLoginFiles } from './claude/launch/login-files.ts';
import { readOperatorLogin } from './claude/launch/operator-login.ts';
import { createProcessRegistry } from './claude/process/process-registry.ts';
import { createScratch } from './claude/process/scratch.ts';
import type { Config, Environment } from './config.ts';
import { toInterruptedResponse } from './dialects/openai-responses/to-response.ts';
import type { Log } from './http/log-request.ts';
import { createInputRules } from './keys/input-rules.ts';
import { createRun, toAllowedFolders } from './layers/create-run.ts';
import { createGate, type Gate } from './layers/gate.ts';
import { countBehindGate } from './layers/with-gate.ts';
import { countWithKey } from './layers/with-key.ts';
import { countWithModelAliases } from './layers/with-model-aliases.ts';
import { createLog, listSecrets } from './observation/create-log.ts';
import { openHistory } from './observation/history.ts';
import { createWatch } from './observation/watch.ts';
import { openKeys } from './open-keys.ts';
import { openResponses } from './responses/open-responses.ts';
import type { Caller } from './run.ts';
import { RunError } from './run-error.ts';
import { createSessions } from './sessions/session-book.ts';
import { createSqliteStore } from './sessions/sqlite-store.ts';

export type ServerOptions = {
  config: Config;
  /** What the CLI processes' environment is chosen from. */
  environment: Environment;
  claude: ClaudeInstallation;
  /** The owner's key, which may do everything; further ones stand in the state folder. */
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
  const { config, environment, claude, proxyKey, version } = options;
  const { isDemo = false, wrapBackend = asIs } = options;
  const log = createLog({
    level: config.logLevel,
    secrets: [proxyKey, ...listSecrets(environment)],
  });
  const gate = createGate({
    concurrency: config.workerConcurrency,
    maxQueueSize: config.maxQueueSize,
    queueTimeoutMs: config.queueTimeoutMs,
  });
  const onChatCost = ({ caller, costUsd }: ChatCost) => {
    if (costUsd === undefined) return noteUnknownCost(log, caller);
    void keys.limits.charge(caller.keyId, costUsd);
    watch.observer.charged?.(caller.keyId, costUsd);
  };
  const cli = await prepareCli(options, { gate, log, onChatCost });
  const backend = wrapBackend(cli.backend);
  const readCliStatus = backend.readStatus;
  const stores = await openStores(config, cli.claudeFolder, log);
  const { sessions, responses } = stores;
  const readModels = async () => (await readCliStatus()).models;
  const keys = openKeys({ config, ownerKey: proxyKey, readModels, log });
  const watch = createWatch({
    history: stores.history,
    queue: gate.counts,
    processes: () => backend.counts().processes,
    runner: () => ({ ...backend.counts(), restarts }),
    withNodeMetrics: true,
  });
  let restarts = 0;
  const drain = { isOn: false };
  const stopped = new AbortController();
  const started = Promise.withResolvers<void>();
  const { run, steering } = createRun({
    config,
    backend,
    sessions,
    gate,
    keys: keys.parts,
    onRetry: () => void (restarts += 1),
    stopped: stopped.signal,
  });
  const check = createInputRules(keys.book, toAllowedFolders(config));
  const runs = openRuns({
    config,
    inputs: { steering, check },
    checkRequest: keys.checkRequest,
    log,
  });
  const app = createApp({
    run,
    countTokens: countWithKey(
      countWithModelAliases(countBehindGate(backend.countTokens, gate), config.modelAliases),
      keys.parts,
    ),
    keys: keys.book,
    keyStore: keys.store,
    limits: keys.limits,
    readCliStatus,
    health: {
      version,
      cliVersion: claude.version,
      startedAtMs: performance.now(),
      queue: gate.counts,
      maxQueueSize: config.maxQueueSize,
      isDraining: () => drain.isOn,
      countSessions: sessions.count,
      isDemo,
      readCliStatus,
    },
    sessions,
    responses,
    runs,
    started: started.promise,
    watch,
    log,
    settings: { ...config, hopHeader: HOP_HEADER },
  });
  const close = async () => {
    await responses.close(toShutdown());
    await runs.close(toShutdown());
    await cli.close();
    await stores.close();
    keys.close();
  };
  const removeExpired = async () => {
    runs.removeExpired();
    await Promise.all([stores.removeExpired(), keys.removeExpired()]);
  };
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
    removeExpired,
    close,
  };
}

function asIs(backend: Backend) {
  return backend;
}

/** Why runs end when the server does. */
export function toShutdown(): RunError {
  return new RunError('shutting-down', 'The server is shutting down; try again.');
}

function noteUnknownCost(log: Log, { keyId: key, requestId }: Caller) {
  log.info({ key, requestId }, 'the process ended before it told what its answer cost');
}

type CliOptions = { gate: Gate; log: Log; onChatCost: (cost: ChatCost) => void };

/** The CLI's side: how its processes are launched, and everything that holds them. */
async function prepareCli(
  { config, environment, claude }: ServerOptions,
  { gate, log, onChatCost }: CliOptions,
) {
  const registry = createProcessRegistry(join(config.stateDir, 'processes'), (error) =>
    log.error({ err: error }, 'a CLI process could not be put on record'),
  );
  const scratch = await createScratch(join(config.stateDir, 'scratch'));
  const passed = toChildEnvironment(environment, {
    alsoPassed: config.childEnv,
    maxRetries: config.claudeMaxRetries,
  });
  const claudeFolder = toClaudeFolder(passed);
  const login = await readOperatorLogin(claudeFolder);
  const base = {
    environment: { ...login.environment, ...passed },
    loginArgs: login.args,
    hiddenPaths: [config.stateDir, ...listLoginFiles(passed, claudeFolder)],
    hiddenVariables: Object.keys({ ...login.environment, ...passed }).filter(
      (name) => isSecret(name) && !config.childEnv.includes(name),
    ),
  };
  const backend = createClaudeBackend({
    config,
    claudePath: claude.path,
    claudeFolder,
    base,
    book: registry,
    scratch,
    queue: gate,
    onChatCost,
  });
  return {
    backend,
    claudeFolder,
    /** Ends the processes of an earlier server, and removes its folders. */
    removeLeftBehind: async () => {
      await registry.endLeftBehind();
      await scratch.removeLeftBehind();
    },
    async close() {
      await backend.close();
      await scratch.remove();
    },
  };
}

/** What is kept in the state folder, keys and their counters aside. */
async function openStores(config: Config, claudeFolder: string, log: Log) {
  const store = createSqliteStore({
    file: join(config.stateDir, 'sessions.db'),
    onSetAside: (report) => log.error(report, 'the session database was damaged and set aside'),
  });
  const sessions = createSessions({
    store,
    ttlMs: config.sessionTtlMs,
    maxPerKey: config.maxSessionsPerKey,
    removeTranscript: (id) => removeTranscript(claudeFolder, id),
    readTranscript: (id, limit) => readTranscript(claudeFolder, id, limit),
    onProblem: (error) => log.error({ err: error }, 'a session could not be recorded'),
  });
  const responses = await openResponses({ config, log, toEnded: toInterruptedResponse });
  const history = openHistory({
    file: join(config.stateDir, 'history.db'),
    onSetAside: (report) => log.error(report, 'the history database was damaged and set aside'),
    onProblem: (error) => log.error({ err: error }, 'the history could not be written'),
  });
  return {
    sessions,
    responses,
    history,
    async removeExpired() {
      history.removeExpired();
      await Promise.all([sessions.removeExpired(), responses.book.removeExpired()]);
    },
    async close() {
      await store.close();
      history.close();
    },
  };
}

/** Where the CLI keeps its transcripts. */
function toClaudeFolder(environment: Readonly<Record<string, string>>) {
  return environment['CLAUDE_CONFIG_DIR'] ?? join(environment['HOME'] ?? homedir(), '.claude');
}
