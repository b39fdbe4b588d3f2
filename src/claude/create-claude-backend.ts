import type { Backend } from '../backend.ts';
import type { Config } from '../config.ts';
import { createAgentLaunch, createAgentRun } from './agent/agent-run.ts';
import { createLiveAgents } from './agent/live-agents.ts';
import { createSessionWork } from './agent/session-work.ts';
import { createTranscripts } from './agent/transcripts.ts';
import type { ReadAbilities } from './chat/abilities.ts';
import { createChatCosts } from './chat/chat-costs.ts';
import type { RunCost } from './process/run-cost.ts';
import { createChatRun } from './chat/chat-run.ts';
import { createCountTokens } from './chat/count-tokens.ts';
import { createLearntRefusals, withDroppableParams } from './chat/droppable-params.ts';
import { createKeptProcesses } from './chat/kept-processes.ts';
import { createOpenChat } from './chat/open-chat.ts';
import { createHistories } from './chat/histories/histories.ts';
import { createSuspendedCalls } from './chat/suspended-calls.ts';
import { withUpstreamForm } from './chat/upstream-form/with-upstream-form.ts';
import { withEnforcedOutput } from './chat/enforced/with-enforced-output.ts';
import { createInstallationWatch } from './launch/installation-watch.ts';
import { type LaunchBase, toChatLaunch } from './launch/launch.ts';
import { createProcesses, type ProcessBook, type ProcessesOptions } from './process/processes.ts';
import type { Scratch } from './process/scratch.ts';
import { createStartTurns } from './process/start-turns.ts';
import { createPlanLimits } from './plan-limits.ts';
import { createCliStatusReader } from './read-cli-status.ts';
import { startAhead } from './start-ahead.ts';
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
  /** The queue in front of the back end; `onChange` registers a listener. */
  queue: { counts: () => QueueCounts; onChange: (listener: () => void) => void };
  /**
   * Called when it is known what a chat's turn cost, or an agent's run that did not come to its end, or that it
   * will not be known. Default: nothing.
   */
  onCost?: ((cost: RunCost) => void) | undefined;
  /** Starts a process. Default: runs `claudePath`. */
  startProcess?: ProcessesOptions['startProcess'];
};

/** The CLI as a back end: everything that holds CLI processes. */
export function createClaudeBackend(options: ClaudeBackendOptions): Backend {
  const { config, base, onCost = () => {} } = options;
  const parts = createParts(options);
  const { processes, spares, blanks, agentSpares, kept, ahead, suspended } = parts;
  const { reader, retireIfChanged } = parts;
  const chatParts = {
    ...parts,
    readAbilities: reader.readAbilities,
    costs: createChatCosts(onCost),
  };
  const refusals = createLearntRefusals();
  const chat = withUpstreamForm(
    withEnforcedOutput(
      withDroppableParams(createChatRun(chatParts), refusals.dropped),
      refusals.schemas,
    ),
  );
  const agentBase = { ...base, leave: toLeave(config) };
  const live = createLiveAgents();
  const agent = withUpstreamForm(
    createAgentRun({
      openProcess: processes.open,
      spares: agentSpares,
      live,
      base: agentBase,
      claudeFolder: options.claudeFolder,
      tasksTimeoutMs: config.agentTasksTimeoutMs,
      onCost,
    }),
  );

  return {
    run: (request, signal) => (request.agent ? agent : chat)(request, signal),
    anticipate: ahead.expect,
    steering: live.steering,
    sessionWork: createSessionWork({ openProcess: processes.open, base }),
    transcripts: createTranscripts(options.claudeFolder),
    countTokens: createCountTokens(chatParts),
    readStatus: reader.readStatus,
    async createSessionId(request, agentOptions) {
      retireIfChanged();
      return agentSpares.reserve(createAgentLaunch(request, agentOptions, agentBase));
    },
    counts() {
      const idle = {
        ready: spares.ready() + blanks.ready() + agentSpares.ready() + ahead.ready(),
        kept: kept.count(),
        suspended: suspended.count(),
      };
      const waiting = idle.ready + idle.kept + idle.suspended;
      return {
        processes: { running: Math.max(0, processes.count() - waiting), ...idle },
        spares: parts.tally.spares,
        apiRetries: parts.tally.apiRetries,
        refusals: refusals.list(),
        planLimits: parts.planLimits.list(),
      };
    },
    async close() {
      for (const pool of [spares, blanks, agentSpares]) pool.stop();
      await processes.endAll();
    },
  };
}

/** Everything that holds processes. At the limit of processes, the one that costs least is ended first. */
function createParts(options: ClaudeBackendOptions) {
  const { config, claudePath, claudeFolder, base, scratch } = options;
  const profile = toChatLaunch(base, scratch.empty);
  const tally = createTally();
  const planLimits = createPlanLimits();
  const processes = createProcesses({
    command: claudePath,
    maxProcesses: config.maxProcesses,
    book: options.book,
    openTemporary: scratch.openTemporary,
    makeRoom: () =>
      void [agentSpares, blanks, spares, kept, ahead, suspended].some((pool) => pool.evict()),
    takeStartTurn: createStartTurns({ claudeFolder }),
    onApiRetry: tally.countApiRetry,
    onRateLimit: planLimits.note,
    onGone: () => workload.noteChange(),
    startProcess: options.startProcess,
  });
  const reader = createCliStatusReader(processes.open, profile, planLimits.noteAsked);
  const { readAbilities } = reader;
  const { kept, suspended, workload } = keepProcesses({
    config,
    queue: options.queue,
    readAbilities,
    isRoomWanted: processes.isRoomWanted,
    hasSpare: () => spares.hasSpare(),
  });
  const { spares, blanks, agentSpares, noteSettings } = startAhead({
    config,
    processes,
    profile,
    readAbilities,
    workload,
    onTake: tally.countTaken,
  });
  /** Ends the idle ones, because what they know of the CLI or its login is no longer true. */
  const retire = () => {
    for (const pool of [kept, ahead, spares, blanks, agentSpares]) pool.retire();
  };
  const hasChanged = createInstallationWatch(claudePath, claudeFolder);
  const retireIfChanged = () => {
    if (!hasChanged()) return;
    reader.forget();
    planLimits.forget();
    retire();
  };
  const histories = createHistories({
    openProcess: processes.open,
    profile,
    openTemporary: scratch.openTemporary,
    readAbilities,
    kept,
    suspended,
    most: config.workerConcurrency,
    hasRoom: () =>
      processes.count() < config.maxProcesses ||
      [agentSpares, blanks, spares].some((pool) => pool.ready() > 0),
  });
  const { ahead } = histories;
  const openChat = createOpenChat({
    ...histories,
    kept,
    spares,
    blanks,
    retireIfChanged,
    onTurn: noteSettings,
  });
  return {
    tally,
    planLimits,
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
    ...histories,
  };
}

type KeepingOptions = Pick<ClaudeBackendOptions, 'config' | 'queue'> & {
  readAbilities: ReadAbilities;
  isRoomWanted: () => boolean;
  hasSpare: () => boolean;
};

/** Processes that stay after a request: for the next one, or for the results of their callers' tools. */
function keepProcesses({ config, queue, readAbilities, isRoomWanted, hasSpare }: KeepingOptions) {
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
    isRoomWanted,
    hasSpare,
  });
  const suspended = createSuspendedCalls({
    maxSuspended: config.maxSuspendedCalls,
    ttlMs: config.suspendedCallTtlMs,
    isRoomWanted,
    release: (chat) => kept.giveBack(chat, false),
    onChange: workload.noteChange,
  });
  return { kept, suspended, workload };
}

function toLeave(config: Config) {
  return {
    settingSources: config.agentSettings,
    mcpConfig: config.agentMcpConfig,
    isSandboxed: config.agentSandbox,
  };
}
