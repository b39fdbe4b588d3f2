import type { Config } from '../config.ts';
import { type AgentSpares, createAgentSpares } from './agent/agent-spares.ts';
import type { ReadAbilities } from './chat/abilities.ts';
import { createPrepareSpare } from './chat/prepare-spare.ts';
import type { TurnSettings } from './chat/turn-settings.ts';
import type { LaunchProfile } from './launch/launch.ts';
import type { Processes } from './process/processes.ts';
import { createSpares, type Spares, waitUntilUp } from './spares.ts';
import type { Tally } from './tally.ts';
import type { Workload } from './workload.ts';

export type StartAheadOptions = {
  config: Config;
  processes: Pick<Processes, 'open' | 'count'>;
  /** How a chat process is launched. */
  profile: LaunchProfile;
  readAbilities: ReadAbilities;
  workload: Workload;
  onTake: Tally['countTaken'];
};

export type StartedAhead = {
  /** Initialized where possible, and warm. */
  spares: Spares;
  /** Not initialized, for turns that no spare can serve. None is started before one was wanted. */
  blanks: Spares;
  agentSpares: AgentSpares;
  /** Notes the settings of a turn: the next turn will likely want the same. */
  noteSettings: (settings: TurnSettings) => void;
};

/** Starts processes before they are wanted, in quiet moments. */
export function startAhead(options: StartAheadOptions): StartedAhead {
  const { config, processes, profile, readAbilities, workload, onTake } = options;
  let lastSettings: TurnSettings | undefined;
  let lastBlankAtMs = -Infinity;
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
      await readAbilities(); // starts a process itself, and there may be room for only one
      return processes.open(ahead, signal);
    },
    count: () => config.warmProcesses,
    prepare: createPrepareSpare({
      readAbilities,
      likelySettings: () => lastSettings,
      customHeaders: profile.environment['ANTHROPIC_CUSTOM_HEADERS'] ?? '',
    }),
    onTake: (isHit) => onTake('chat', isHit),
  });
  const blanks = createSpares({
    ...starting,
    profile,
    count: () =>
      performance.now() - lastBlankAtMs < config.keptProcessTtlMs
        ? Math.min(1, config.warmProcesses)
        : 0,
    prepare: waitUntilUp,
    onTake(isHit) {
      lastBlankAtMs = performance.now();
      onTake('chat', isHit);
    },
  });
  const agentSpares = createAgentSpares({
    ...starting,
    count: canAgentsWait(config) ? config.warmProcesses : 0,
    idleMs: config.keptProcessTtlMs,
    reservedMs: config.queueTimeoutMs,
    onTake: (isHit) => onTake('agent', isHit),
  });
  return {
    spares,
    blanks,
    agentSpares,
    noteSettings(settings) {
      lastSettings = settings;
    },
  };
}

/** The host's settings and MCP servers are read at the start, and may have changed when a request comes. */
function canAgentsWait({ agentSettings, agentMcpConfig }: Config) {
  return agentSettings.length === 0 && agentMcpConfig === undefined;
}
