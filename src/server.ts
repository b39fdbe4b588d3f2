import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { createApp } from './app.ts';
import { type ChatProcesses, createChatProcesses } from './claude/chat-processes.ts';
import type { Config, Environment } from './config.ts';
import { createRun } from './layers/create-run.ts';
import { listen } from './http/listen.ts';
import { createLog, listSecrets } from './observation/create-log.ts';
import { openHistory } from './observation/history.ts';
import { createWatch } from './observation/watch.ts';
import { RunError } from './run-error.ts';
import { openKeys } from './keys/open-keys.ts';
import { HOP_HEADER, toChildEnvironment } from './claude/launch/child-environment.ts';
import type { ClaudeInstallation } from './claude/launch/find-claude.ts';
import { createCountTokens } from './claude/chat/count-tokens.ts';
import { createGate } from './layers/gate.ts';
import { toChatLaunch } from './claude/launch/launch.ts';
import { leadsBack } from './claude/launch/leads-back.ts';
import { readOperatorLogin } from './claude/launch/operator-login.ts';
import { withModelAliases } from './layers/with-model-aliases.ts';
import { createProcessRegistry } from './claude/process/process-registry.ts';
import { createScratch } from './claude/process/scratch.ts';
import { toInterruptedResponse } from './dialects/openai-responses/to-response.ts';
import { openResponses } from './responses/open-responses.ts';
import { createSessions } from './sessions/session-book.ts';
import { readTranscript } from './claude/agent/read-transcript.ts';
import { createSqliteStore } from './sessions/sqlite-store.ts';
import { removeTranscript } from './claude/agent/transcripts.ts';

export type ServerOptions = {
  config: Config;
  /** What the CLI processes' environment is chosen from. */
  environment: Environment;
  claude: ClaudeInstallation;
  /** The owner's key, which may do everything; further ones stand in the state folder. */
  proxyKey: string;
  /** This package's version. */
  version: string;
};

export type RunningServer = {
  url: string;
  cliStatus: { loggedIn: boolean | undefined; account: string | undefined };
  /** Lets running requests finish within the grace, then ends everything that was started; the first call counts. */
  stop(reason: string): Promise<void>;
};

/** How often forgotten sessions and responses are looked for, in milliseconds. */
const SWEEP_MS = 60_000;

/** Time for cut-off runs to tell their callers so, in milliseconds. */
const LAST_WORDS_MS = 2000;

/**
 * The composition root: the only place that sees both HTTP and the runner. Throws the system's error
 * when the port cannot be had, and one sentence when the CLI's API address is this server itself.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { config } = options;
  refuseCircle(options);
  const parts = await createParts(options);
  const listening = await listen({
    fetch: parts.app.fetch,
    host: config.host,
    port: config.port,
    maxMessageBytes: config.maxBodyBytes,
    requestTimeoutMs: config.requestTimeoutMs,
  }).catch(async (error: unknown) => {
    await parts.close();
    throw error;
  });
  await parts.registry.endLeftBehind();
  await parts.scratch.removeLeftBehind();
  await parts.removeExpired();
  const sweep = setInterval(() => void parts.removeExpired(), SWEEP_MS).unref();
  const status = await parts.readCliStatus().catch((error: unknown) => {
    parts.log.warn({ err: error }, 'the claude CLI did not tell its status');
  });

  async function stopOnce(reason: string) {
    parts.log.info({ reason }, 'stopping');
    clearInterval(sweep);
    parts.drain.isOn = true;
    parts.gate.close();
    parts.responses.stop();
    const drained = listening.drain();
    await Promise.race([drained, delay(config.shutdownGraceMs, undefined, { ref: false })]);
    parts.stopped.abort(toShutdown());
    await Promise.race([drained, delay(LAST_WORDS_MS, undefined, { ref: false })]);
    listening.cut();
    await drained;
    await parts.close();
  }

  let stopping: Promise<void> | undefined;
  return {
    url: listening.url,
    cliStatus: { loggedIn: status?.isLoggedIn, account: status?.account },
    stop: (reason) => (stopping ??= stopOnce(reason)),
  };
}

/** Everything that is made once; `close` gives it back when no run is left. */
async function createParts({ config, environment, claude, proxyKey, version }: ServerOptions) {
  const log = createLog({
    level: config.logLevel,
    secrets: [proxyKey, ...listSecrets(environment)],
  });
  const registry = createProcessRegistry(join(config.stateDir, 'processes'), (error) =>
    log.error({ err: error }, 'a CLI process could not be put on record'),
  );
  const passed = toChildEnvironment(environment, {
    alsoPassed: config.childEnv,
    maxRetries: config.claudeMaxRetries,
  });
  const scratch = await createScratch(join(config.stateDir, 'scratch'));
  const claudeFolder = toClaudeFolder(passed);
  const login = await readOperatorLogin(claudeFolder);
  const base = {
    environment: { ...login.environment, ...passed },
    loginArgs: login.args,
    hiddenPaths: [config.stateDir, join(claudeFolder, '.credentials.json')],
  };
  const gate = createGate({
    concurrency: config.workerConcurrency,
    maxQueueSize: config.maxQueueSize,
    queueTimeoutMs: config.queueTimeoutMs,
  });
  const chat = createChatProcesses({
    config,
    claudePath: claude.path,
    claudeFolder,
    profile: toChatLaunch(base, scratch.empty),
    book: registry,
    openTemporary: scratch.openTemporary,
    gate,
  });
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
  const keys = openKeys({
    config,
    ownerKey: proxyKey,
    readModels: async () => (await chat.readCliStatus()).models,
    log,
  });
  const history = openHistory({
    file: join(config.stateDir, 'history.db'),
    onSetAside: (report) => log.error(report, 'the history database was damaged and set aside'),
    onProblem: (error) => log.error({ err: error }, 'the history could not be written'),
  });
  const watch = createWatch({
    history,
    queue: gate.counts,
    processes: () => toStates(chat.counts()),
    runner: () => chat.tally,
    withNodeMetrics: true,
  });
  const drain = { isOn: false };
  const stopped = new AbortController();
  const app = createApp({
    run: createRun({
      config,
      chat,
      base,
      sessions,
      gate,
      obeyKey: keys.obey,
      limits: keys.limits,
      stopped: stopped.signal,
    }),
    countTokens: keys.guardCount(
      withModelAliases(createCountTokens({ spares: chat.spares, gate }), config.modelAliases),
    ),
    keys: keys.book,
    keyStore: keys.store,
    limits: keys.limits,
    readCliStatus: chat.readCliStatus,
    health: {
      version,
      cliVersion: claude.version,
      startedAtMs: performance.now(),
      queue: gate.counts,
      maxQueueSize: config.maxQueueSize,
      isDraining: () => drain.isOn,
      countSessions: sessions.count,
      readCliStatus: chat.readCliStatus,
    },
    sessions,
    responses,
    watch,
    log,
    settings: { ...config, hopHeader: HOP_HEADER },
  });
  const close = async () => {
    await responses.close(toShutdown());
    chat.spares.stop();
    chat.agentSpares.stop();
    await chat.processes.endAll();
    await store.close();
    history.close();
    keys.close();
    await scratch.remove();
  };
  const removeExpired = async () => {
    history.removeExpired();
    await Promise.all([
      sessions.removeExpired(),
      responses.book.removeExpired(),
      keys.removeExpired(),
    ]);
  };
  return {
    app,
    log,
    registry,
    scratch,
    removeExpired,
    responses,
    gate,
    drain,
    stopped,
    readCliStatus: chat.readCliStatus,
    close,
  };
}

function toShutdown() {
  return new RunError('shutting-down', 'The server is shutting down; try again.');
}

function refuseCircle({ config, environment }: ServerOptions) {
  const baseUrl = environment['ANTHROPIC_BASE_URL'];
  if (!leadsBack(baseUrl, config)) return;
  throw new Error(
    `ANTHROPIC_BASE_URL is ${baseUrl}, which is this server itself: every run would start a CLI that calls the proxy. Unset it, or choose another --port.`,
  );
}

/** Where the CLI keeps its transcripts. */
function toClaudeFolder(environment: Readonly<Record<string, string>>) {
  return environment['CLAUDE_CONFIG_DIR'] ?? join(environment['HOME'] ?? homedir(), '.claude');
}

/** What is alive and neither waits nor is kept is at work. */
function toStates({ alive, ...idle }: ReturnType<ChatProcesses['counts']>) {
  const waiting = Object.values(idle).reduce((sum, count) => sum + count, 0);
  return { running: Math.max(0, alive - waiting), ...idle };
}
