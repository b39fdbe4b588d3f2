import { randomUUID } from 'node:crypto';

import type { AgentOptions, Run, RunRequest, WantedOutput } from '../../run.ts';
import { RunError } from '../../run-error.ts';
import { toEnforceableSchema } from '../process/enforceable-schema.ts';
import type { AgentSpares } from './agent-spares.ts';
import { type LaunchBase, type LaunchProfile, toAgentLaunch } from '../launch/launch.ts';
import type { OpenProcess } from '../process/processes.ts';
import { toUserLine } from '../process/input-lines.ts';
import type { CliProcess } from '../process/cli-process.ts';
import { createAgentInputs } from './agent-inputs.ts';
import type { RunCost } from '../process/run-cost.ts';
import { createAgentCost } from './agent-cost.ts';
import { createLiveAgent } from './live-agent.ts';
import { connectMcpServers } from './mcp-servers.ts';
import { createToolServer } from './serve-tools.ts';
import type { AgentLaunch } from './launch-pools.ts';
import type { LiveAgents } from './live-agents.ts';
import { type AgentLine, readAgentEvents } from './read-agent-events.ts';
import { createRelay } from './relay.ts';
import { NOTHING_SPENT, readNotedSpending, readSpending } from './spending.ts';
import { readLastLines } from './transcripts.ts';
import { toBlocks } from '../process/to-blocks.ts';

/** Time for the CLI to end its tools and to write its transcript, in milliseconds. */
const CLOSING_GRACE_MS = 3000;

export type AgentRunParts = {
  openProcess: OpenProcess;
  spares: AgentSpares;
  /** The agents at work, which can be sent messages. */
  live: LiveAgents;
  base: LaunchBase;
  /** Where the CLI keeps its transcripts. */
  claudeFolder: string;
  /** Longest silence of background tasks after the agent's last turn, in milliseconds. */
  tasksTimeoutMs: number;
  /** Called with the cost of a run that failed or was cancelled; `run-end` has that of the others. */
  onCost: (cost: RunCost) => void;
};

/** A run that gets an agent: built-in tools, a working directory, a session on disk. */
export function createAgentRun(parts: AgentRunParts): Run {
  const { openProcess, spares, live, base, claudeFolder, tasksTimeoutMs, onCost } = parts;
  return async function* agent(request, signal) {
    const options = readAgentOptions(request);
    const { session } = options;
    const { keyId } = request.caller;
    const launch = createAgentLaunch(request, options, base);
    const spare = session?.isNew ? spares.claim(session.id, launch) : undefined;
    const process = spare ?? (await openProcess(withTrace(launch(session), request), signal));
    const endProcess = () => void process.end(CLOSING_GRACE_MS);
    signal.addEventListener('abort', endProcess, { once: true });
    const lines = createRelay<AgentLine>(process.lines());
    const inputs = createAgentInputs({
      reply: (id, response) => process.reply(id, response),
      onSettled: lines.put,
    });
    process.serve(createToolServer(request.tools));
    const cost = createAgentCost(process);
    let forget: (() => void) | undefined;
    try {
      signal.throwIfAborted();
      const before = await bind(process, request, { options, claudeFolder });
      yield { type: 'run-progress', step: 'bound' };
      cost.begin(before);
      const promptId = sendPrompt(process, request);
      const spoken = createLiveAgent({ process, inputs, options });
      forget = live.add(request.caller.requestId, spoken.agent);
      yield { type: 'run-progress', step: 'asked' };
      const reading = {
        model: request.model,
        startFields: { sessionId: session?.id, ...(options.checkpoints && { promptId }) },
        promptId,
        before,
        inputs,
        messages: spoken.messages,
        isInterrupted: spoken.isInterrupted,
        tasksTimeoutMs,
        stopTasks: (ids: readonly string[]) => stopTasks(process, ids),
      };
      for await (const event of readAgentEvents(lines.items(), reading)) {
        if (event.type === 'run-end') cost.setReported();
        if (event.type === 'run-end' && session?.isNew) spares.learn(launch, keyId);
        yield event;
      }
    } catch (error) {
      throw signal.aborted ? signal.reason : toClearError(error);
    } finally {
      forget?.();
      signal.removeEventListener('abort', endProcess);
      // This interrupts it, and it reports its cost before it exits.
      await process.end(CLOSING_GRACE_MS);
      if (cost.isOpen()) onCost({ caller: request.caller, costUsd: cost.read() });
    }
  };
}

/** How the request's process is started. Of the request it holds only what goes on the command line. */
export function createAgentLaunch(
  { model, effort, tools }: RunRequest,
  options: AgentOptions,
  base: LaunchBase,
): AgentLaunch {
  const folder = readFolder(options);
  const { mcpServers: _servers, subagents: _subagents, ...kept } = options;
  const withoutPrompts = { ...kept, systemPrompt: undefined, appendSystemPrompt: undefined };
  return (session) =>
    toAgentLaunch({ model, effort, tools }, { ...withoutPrompts, session }, base, folder);
}

/**
 * Commands of the agent find the trace in their environment, and so does the CLI, if its own telemetry is on (seen
 * with 2.1.330). A process that was started ahead of the request has none.
 */
function withTrace(profile: LaunchProfile, { caller: { trace } }: RunRequest): LaunchProfile {
  if (!trace) return profile;
  const { traceparent: TRACEPARENT, tracestate: TRACESTATE } = trace;
  const variables = { TRACEPARENT, ...(TRACESTATE !== undefined && { TRACESTATE }) };
  return { ...profile, environment: { ...profile.environment, ...variables } };
}

/** Sets a process up for the request; resolves with what its session had spent before. */
async function bind(
  process: CliProcess,
  request: RunRequest,
  { options, claudeFolder }: { options: AgentOptions; claudeFolder: string },
) {
  await process.request(toInitialize(request, options));
  await connectMcpServers(process, request.tools, options.mcpServers ?? []);
  const { session } = options;
  if (!session || session.isNew) return NOTHING_SPENT;
  // With a login of `/login`, the CLI asks the API before it answers.
  const lines = await readLastLines(claudeFolder, session.id).catch(() => []);
  return readNotedSpending(lines, session.id) ?? askSpending(process);
}

function toInitialize(
  { output }: RunRequest,
  { systemPrompt, appendSystemPrompt, subagents }: AgentOptions,
) {
  return {
    subtype: 'initialize',
    ...(systemPrompt !== undefined && { systemPrompt: [systemPrompt] }),
    ...(appendSystemPrompt !== undefined && { appendSystemPrompt }),
    ...(subagents && { agents: subagents }),
    ...(output.type === 'json' && { jsonSchema: toJsonSchema(output) }),
  };
}

/** What the CLI can enforce of the schema; the rest is left to the check of the answer. */
function toJsonSchema({ schema }: Extract<WantedOutput, { type: 'json' }>) {
  return schema ? toEnforceableSchema(schema) : { type: 'object' };
}

/** Returns the id that the CLI names the prompt by. */
function sendPrompt(process: CliProcess, { messages }: RunRequest) {
  const id = randomUUID();
  const prompt = messages.flatMap(({ parts }) => parts);
  process.send(toUserLine(toBlocks(prompt), id));
  return id;
}

/** A CLI that does not report it counts from zero. */
async function askSpending(process: CliProcess) {
  const asked = { subtype: 'get_usage', skip_behaviors: true };
  return readSpending(await process.request(asked).catch(() => undefined));
}

/** While a task is at work the CLI would not exit by itself. */
function stopTasks(process: CliProcess, ids: readonly string[]) {
  for (const task_id of ids) {
    process.request({ subtype: 'stop_task', task_id }).catch(() => undefined);
  }
}

/** What the CLI refuses at its start is on its stderr only; another try would not help. */
function toClearError(error: unknown) {
  const cause = error instanceof RunError ? error.cause : undefined;
  if (typeof cause !== 'string') return error;
  if (cause.includes('root/sudo')) {
    return new RunError(
      'forbidden',
      'The claude CLI does not skip permissions for root: the operator has to run this server as another user.',
      { param: 'permissionMode', cause },
    );
  }
  if (cause.includes('sandbox required but unavailable')) {
    return new RunError(
      'cli-failed',
      'Agents have to run in a sandbox here, and there is no sandbox on this machine; its log tells the operator what is missing.',
      { cause },
    );
  }
  return error;
}

function readAgentOptions({ agent }: RunRequest) {
  if (!agent) throw new RunError('internal', 'An agent run needs agent options.');
  return agent;
}

function readFolder({ workingDirectory }: AgentOptions) {
  if (workingDirectory === undefined) {
    throw new RunError('internal', 'An agent run needs a resolved working directory.');
  }
  return workingDirectory;
}
