import type { Model, ReadCliStatus } from '../cli-status.ts';
import type { Config } from '../config.ts';
import { type AgentLaunch, type AgentSpares, createAgentSpares } from './agent/agent-spares.ts';
import type { TurnSettings } from './chat/bind.ts';
import type { Gate } from '../layers/gate.ts';
import { createInstallationWatch } from './launch/installation-watch.ts';
import { createKeptProcesses, type KeptProcesses } from './chat/kept-processes.ts';
import type { LaunchProfile } from './launch/launch.ts';
import { createOpenChat, type OpenChat } from './chat/open-chat.ts';
import { createProcesses, type ProcessBook, type Processes } from './process/processes.ts';
import type { TemporaryFolder } from './process/scratch.ts';
import { createResumeChat } from './chat/resume-chat.ts';
import { createReadCliStatus } from './read-cli-status.ts';
import { createSpares, type Spares } from './spares.ts';
import { countApiRetry, createRunnerTally, type RunnerTally } from './runner-tally.ts';
import { createStartTurns } from './process/start-turns.ts';
import { toLoad } from './to-load.ts';
import { createSuspendedCalls, type SuspendedCalls } from './chat/suspended-calls.ts';

export type ChatProcessesOptions = {
  config: Config;
  /** The `claude` program. */
  claudePath: string;
  /** Where the CLI keeps its login. */
  claudeFolder: string;
  profile: LaunchProfile;
  book: ProcessBook;
  openTemporary: () => TemporaryFolder;
  gate: Gate;
};

export type ChatProcesses = {
  tally: RunnerTally;
  processes: Processes;
  spares: Spares;
  agentSpares: AgentSpares;
  kept: KeptProcesses;
  suspended: SuspendedCalls;
  openChat: OpenChat;
  /** The session id for a new agent, by which its process, if one was started ahead, is claimed. */
  reserveAgent: (launch: AgentLaunch) => Promise<string>;
  /** Ends those that only wait, since what they know of the CLI or its login is not true any more. */
  retire: () => void;
  readCliStatus: ReadCliStatus;
  /** Alive ones by what they do. */
  counts(): { ready: number; kept: number; suspended: number; alive: number };
};

/** Everything that holds CLI processes: who is at the limit makes room in the order of what it costs. */
export function createChatProcesses({
  config,
  claudePath,
  claudeFolder,
  profile,
  book,
  openTemporary,
  gate,
}: ChatProcessesOptions): ChatProcesses {
  const tally = createRunnerTally();
  let canRewind = false;
  let models: readonly Model[] = [];
  let lastSettings: TurnSettings | undefined;

  const processes = createProcesses({
    command: claudePath,
    maxProcesses: config.maxProcesses,
    book,
    openTemporary,
    makeRoom: () =>
      void (agentSpares.evict() || spares.evict() || kept.evictOldest() || suspended.evictOldest()),
    takeStartTurn: createStartTurns({ claudeFolder }),
    onApiRetry: (status) => countApiRetry(tally, status),
  });
  /** How processes are started ahead, for whomever. */
  const starting = {
    openProcess: processes.open,
    startMs: config.startTimeoutMs,
    load: () => toLoad(gate.counts(), suspended.count()),
    hasRoom: () => processes.count() < config.maxProcesses,
  };
  const spares = createSpares({
    ...starting,
    profile,
    count: config.warmProcesses,
    foresee: () => lastSettings,
    onTake: (isHit) => void (tally.spares.chat[isHit ? 'hit' : 'missed'] += 1),
  });
  const agentSpares = createAgentSpares({
    ...starting,
    count: mayAgentsWait(config) ? config.warmProcesses : 0,
    idleMs: config.keptProcessTtlMs,
    reservedMs: config.queueTimeoutMs,
    onTake: (isHit) => void (tally.spares.agent[isHit ? 'hit' : 'missed'] += 1),
  });
  const kept = createKeptProcesses({
    isReusing: () => config.reuseProcesses && canRewind,
    maxIdle: Math.max(1, config.maxProcesses - config.workerConcurrency - config.warmProcesses),
    idleMs: config.keptProcessTtlMs,
    maxTurns: config.maxTurnsPerProcess,
    maxRssBytes: config.maxProcessRssBytes,
    isRoomWanted: processes.isRoomWanted,
    hasSpare: spares.hasSpare,
  });
  const suspended = createSuspendedCalls({
    maxSuspended: config.maxSuspendedCalls,
    ttlMs: config.suspendedCallTtlMs,
    isRoomWanted: processes.isRoomWanted,
  });
  const resume = createResumeChat({
    openProcess: processes.open,
    profile,
    openTemporary,
    toModelId: (name) => models.find(({ id, aliases }) => [id, ...aliases].includes(name))?.id,
  });
  const askCli = createReadCliStatus(processes.open, profile);
  const hasChanged = createInstallationWatch(claudePath, claudeFolder);
  const retire = () => {
    kept.retire();
    spares.retire();
    agentSpares.retire();
  };

  return {
    tally,
    processes,
    spares,
    agentSpares,
    kept,
    suspended,
    retire,
    async reserveAgent(launch) {
      if (await hasChanged()) retire();
      return agentSpares.reserve(launch);
    },
    openChat: createOpenChat({
      kept,
      spares,
      resume: () => (canRewind ? resume : undefined),
      hasChanged,
      retire,
      remember: (settings) => {
        lastSettings = settings;
      },
    }),
    async readCliStatus() {
      const status = await askCli();
      ({ canRewind, models } = status);
      return status;
    },
    counts: () => ({
      ready: spares.ready() + agentSpares.ready(),
      kept: kept.count(),
      suspended: suspended.count(),
      alive: processes.count(),
    }),
  };
}

/** Settings and MCP servers of the host are read at the start, and may be others when a request comes. */
function mayAgentsWait({ agentSettings, agentMcpConfig }: Config) {
  return agentSettings.length === 0 && agentMcpConfig === undefined;
}
