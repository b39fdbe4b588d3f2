import type { Backend } from '../backend.ts';
import type { Config } from '../config.ts';
import { createAgentLaunch, createAgentRun } from './agent/agent-run.ts';
import { createAgentSpares } from './agent/agent-spares.ts';
import { createChatRun } from './chat/chat-run.ts';
import { createCountTokens } from './chat/count-tokens.ts';
import { withDroppableParams } from './chat/droppable-params.ts';
import { createKeptProcesses } from './chat/kept-processes.ts';
import { createOpenChat } from './chat/open-chat.ts';
import { createPrepareSpare } from './chat/prepare-spare.ts';
import { createResumeChat } from './chat/resume-chat.ts';
import { createSuspendedCalls } from './chat/suspended-calls.ts';
import type { TurnSettings } from './chat/turn-settings.ts';
import { withUpstreamForm } from './chat/upstream-form/with-upstream-form.ts';
import { withEnforcedOutput } from './chat/with-enforced-output.ts';
import { createInstallationWatch } from './launch/installation-watch.ts';
import { type LaunchBase, toChatLaunch } from './launch/launch.ts';
import { createProcesses, type ProcessBook, type ProcessesOptions } from './process/processes.ts';
import type { Scratch } from './process/scratch.ts';
import { createStartTurns } from './process/start-turns.ts';
import { createCliStatusReader } from './read-cli-status.ts';
import { createSpares, waitUntilUp } from './spares.ts';
import { createTally } from './tally.ts';
import { createWorkload, type QueueCounts } from './workload.ts';

export type ClaudeBackendOptions = {
  config: Config;
  /** The `claude` program. */
  claudePath: string;
  /** Where the CLI keeps its login. */
  claudeFolder: string;
  base: LaunchBase;
  book: ProcessBook;
  scratch: Pick<Scratch, 'empty' | 'openTemporary'>;
  /** The queue in front of the back end, and how to be told of its changes. */
  queue: { counts: () => QueueCounts; onChange: (listener: () => void) => void };
  /** How a process is started. Default: as the program says. */
  startProcess?: ProcessesOptions['startProcess'];
};

/** The CLI as a back end: everything that holds CLI processes. */
export function createClaudeBackend(options: ClaudeBackendOptions): Backend {
  const { config, base } = options;
  const parts = createParts(options);
  const { processes, spares, blanks, agentSpares, kept, suspended, reader, retireIfChanged } =
    parts;
  const chatParts = { ...parts, readAbilities: reader.readAbilities };
  const chat = withUpstreamForm(withEnforcedOutput(withDroppableParams(createChatRun(chatParts))));
  const agentBase = { ...base, leave: toLeave(config) };
  const agent = createAgentRun({
    openProcess: processes.open,
    spares: agentSpares,
    base: agentBase,
    tasksTimeoutMs: config.agentTasksTimeoutMs,
  });

  return {
    run: (request, signal) => (request.agent ? agent : chat)(request, signal),
    countTokens: createCountTokens({ spares, blanks, readAbilities: reader.readAbilities }),
    readStatus: reader.readStatus,
    async createSessionId(request, agentOptions) {
      await retireIfChanged();
      return agentSpares.reserve(createAgentLaunch(request, agentOptions, agentBase));
    },
    counts() {
      const idle = {
        ready: spares.ready() + blanks.ready() + agentSpares.ready(),
        kept: kept.count(),
        suspended: suspended.count(),
      };
      const waiting = idle.ready + idle.kept + idle.suspended;
      return {
        processes: { running: Math.max(0, processes.count() - waiting), ...idle },
        spares: parts.tally.spares,
        apiRetries: parts.tally.apiRetries,
      };
    },
    async close() {
      for (const pool of [spares, blanks, agentSpares]) pool.stop();
      await processes.endAll();
    },
  };
}

/** Who is at the limit of processes makes room in the order of what it costs. */
function createParts({
  config,
  claudePath,
  claudeFolder,
  base,
  book,
  scratch,
  queue,
  startProcess,
}: ClaudeBackendOptions) {
  const profile = toChatLaunch(base, scratch.empty);
  const tally = createTally();
  let lastSettings: TurnSettings | undefined;
  let lastBlankAt = -Infinity;

  const processes = createProcesses({
    command: claudePath,
    maxProcesses: config.maxProcesses,
    book,
    openTemporary: scratch.openTemporary,
    makeRoom: () => void [agentSpares, blanks, spares, kept, suspended].some((who) => who.evict()),
    takeStartTurn: createStartTurns({ claudeFolder }),
    onApiRetry: tally.countApiRetry,
    onGone: () => workload.noteChange(),
    startProcess,
  });
  const reader = createCliStatusReader(processes.open, profile);
  const { readAbilities } = reader;
  const workload = createWorkload({
    queue: queue.counts,
    suspended: () => suspended.count(),
    onChange: queue.onChange,
  });
  const kept = createKeptProcesses({
    isReusing: async () => config.reuseProcesses && (await readAbilities()).canRewind,
    maxIdle: Math.max(1, config.maxProcesses - config.workerConcurrency - config.warmProcesses),
    idleMs: config.keptProcessTtlMs,
    maxTurns: config.maxTurnsPerProcess,
    maxRssBytes: config.maxProcessRssBytes,
    isRoomWanted: processes.isRoomWanted,
    hasSpare: () => spares.hasSpare(),
  });
  const suspended = createSuspendedCalls({
    maxSuspended: config.maxSuspendedCalls,
    ttlMs: config.suspendedCallTtlMs,
    isRoomWanted: processes.isRoomWanted,
    release: (chat) => kept.giveBack(chat, false),
    onChange: workload.noteChange,
  });
  /** How processes are started ahead, for whomever. */
  const starting = {
    openProcess: processes.open,
    startMs: config.startTimeoutMs,
    load: workload.load,
    loadChanged: workload.changed,
    hasRoom: () => processes.count() < config.maxProcesses,
  };
  const spares = createSpares({
    ...starting,
    profile,
    async openProcess(ahead, signal) {
      await readAbilities(); // itself a process, for which there may be one place only
      return processes.open(ahead, signal);
    },
    count: () => config.warmProcesses,
    prepare: createPrepareSpare({
      readAbilities,
      foresee: () => lastSettings,
      customHeaders: base.environment['ANTHROPIC_CUSTOM_HEADERS'] ?? '',
    }),
    onTake: (isHit) => tally.countTaken('chat', isHit),
  });
  /** For turns that can be told only at first; none is started before one was wanted. */
  const blanks = createSpares({
    ...starting,
    profile,
    count: () =>
      isRecent(lastBlankAt, config.keptProcessTtlMs) ? Math.min(1, config.warmProcesses) : 0,
    prepare: waitUntilUp,
    onTake(isHit) {
      lastBlankAt = performance.now();
      tally.countTaken('chat', isHit);
    },
  });
  const agentSpares = createAgentSpares({
    ...starting,
    count: mayAgentsWait(config) ? config.warmProcesses : 0,
    idleMs: config.keptProcessTtlMs,
    reservedMs: config.queueTimeoutMs,
    onTake: (isHit) => tally.countTaken('agent', isHit),
  });
  /** Ends those that only wait, since what they know of the CLI or its login is not true any more. */
  const retire = () => {
    for (const who of [kept, spares, blanks, agentSpares]) who.retire();
  };
  const hasChanged = createInstallationWatch(claudePath, claudeFolder);
  const retireIfChanged = async () => {
    if (!(await hasChanged())) return;
    reader.forget();
    retire();
  };
  const openChat = createOpenChat({
    kept,
    spares,
    blanks,
    resume: createResumeChat({
      openProcess: processes.open,
      profile,
      openTemporary: scratch.openTemporary,
      readAbilities,
    }),
    retireIfChanged,
    remember: (settings) => {
      lastSettings = settings;
    },
  });
  return {
    tally,
    processes,
    reader,
    spares,
    blanks,
    agentSpares,
    kept,
    suspended,
    retire,
    retireIfChanged,
    openChat,
  };
}

function isRecent(atMs: number, withinMs: number) {
  return performance.now() - atMs < withinMs;
}

/** Settings and MCP servers of the host are read at the start, and may be others when a request comes. */
function mayAgentsWait({ agentSettings, agentMcpConfig }: Config) {
  return agentSettings.length === 0 && agentMcpConfig === undefined;
}

function toLeave(config: Config) {
  return {
    settingSources: config.agentSettings,
    mcpConfig: config.agentMcpConfig,
    isSandboxed: config.agentSandbox,
  };
}
