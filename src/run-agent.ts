/** What a run has, and tells, that gets an agent; `run.ts` hands these types on with the others. */

import type { Effort } from './run.ts';

export type AgentOptions = {
  /** The session that the caller continues; the session layer fills in a new one when absent. */
  session: { id: string; isNew: boolean } | undefined;
  /** Built-in tools that run without asking, in the CLI's own notation (`Bash(git log *)`). */
  allowedTools: readonly string[];
  disallowedTools: readonly string[];
  /** Absolute, or relative to the operator's default folder. */
  workingDirectory: string | undefined;
  /** Further folders for its file tools; as `workingDirectory`. */
  additionalDirectories?: readonly string[] | undefined;
  permissionMode: PermissionMode;
  /** Kinds of sub-agents beside the CLI's own, by name. */
  subagents?: Readonly<Record<string, Subagent>> | undefined;
  /** MCP servers that it is connected with beside the operator's. */
  mcpServers?: readonly McpServer[] | undefined;
  /** Whether it is noted how files were that its file tools change, to go back to that. Default: no. */
  checkpoints?: boolean | undefined;
  /** Whether somebody answers what the agent asks on its way. Default: nobody does. */
  isAnswered?: boolean | undefined;
  /** Replaces the agent's own system prompt when present. */
  systemPrompt: string | undefined;
  appendSystemPrompt: string | undefined;
  maxTurns: number | undefined;
  maxBudgetUsd: number | undefined;
};

/** An MCP server that is spoken to over HTTP; its tools are `mcp__name__tool`. */
export type McpServer = { name: string; url: string; headers: Readonly<Record<string, string>> };

/** A kind of sub-agent that an agent may start. What is left out is as the agent itself has it. */
export type Subagent = {
  /** Tells the agent when to start one. */
  description: string;
  prompt: string;
  tools?: readonly string[] | undefined;
  disallowedTools?: readonly string[] | undefined;
  /** `inherit` is the agent's own. */
  model?: string | undefined;
  maxTurns?: number | undefined;
  effort?: Effort | undefined;
};

/** `ask` waits for the caller's leave where `dontAsk` denies. */
export type PermissionMode = 'dontAsk' | 'ask' | 'acceptEdits' | 'plan' | 'bypassPermissions';

/** What happens in an agent's run beside its own answer; whole, not streamed. */
export type AgentEvent =
  /** What a sub-agent says and does. `parentCallId` is the tool call that started it. */
  | { type: 'subagent-part'; parentCallId: string; part: AgentPart }
  /** A tool call that was not allowed. */
  | { type: 'denial'; callId: string; toolName: string; reason: string }
  /** What became of a message that was sent on the way. */
  | { type: 'user-message'; id: string; text: string; state: 'queued' | 'read' | 'taken-back' }
  /** A task in the background began or ended. */
  | { type: 'task'; task: AgentTask; status: 'running' | 'completed' | 'failed' | 'stopped' };

export type AgentPart =
  | { type: 'text' | 'reasoning'; text: string }
  | { type: 'tool-call'; id: string; name: string; input: unknown }
  | { type: 'tool-result'; callId: string; text: string; isError: boolean }
  /** A picture, a document, or something newer than this server. */
  | { type: 'other'; kind: string };

/** Something that goes on beside the agent: a sub-agent, a shell command, or what the CLI names otherwise. */
export type AgentTask = { id: string; kind: string; description: string };

export type AgentSummary = {
  /** The agent's last text. */
  result: string;
  turns: number;
  costUsd: number;
  /** Tool calls that the permission mode refused. */
  permissionDenials: readonly { toolName: string; toolUseId: string; toolInput: unknown }[];
  /** Background tasks that were ended because they outlasted the run. */
  stoppedTasks: readonly AgentTask[];
  structuredOutput: unknown;
};
