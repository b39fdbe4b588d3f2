import { isInside } from '../../common/is-inside.ts';
import type { AgentOptions, RunRequest } from '../../run.ts';

/** What all processes of this server have in common. */
export type LaunchBase = {
  environment: Readonly<Record<string, string>>;
  /** Where the operator's login comes from, if not from the environment. */
  loginArgs: readonly string[];
  /** What agents get of this machine. Default: nothing. */
  leave?: OperatorLeave;
  /** Files and folders that commands in a sandbox cannot read: keys and logins. Default: none. */
  hiddenPaths?: readonly string[];
  /** Variables of the environment that commands in a sandbox do not get. Default: none. */
  hiddenVariables?: readonly string[];
};

/** What the operator lets agents have. */
type OperatorLeave = {
  /** Files of settings that the CLI obeys: `user`, `project`, `local`. */
  settingSources: readonly string[];
  /** The file of the MCP servers. */
  mcpConfig: string | undefined;
  /** Whether commands run in the CLI's sandbox. */
  isSandboxed: boolean;
};

/** What must be known before a process starts, and is fixed for its life. */
export type LaunchProfile = {
  args: readonly string[];
  environment: Readonly<Record<string, string>>;
  folder: string;
  /** Whether it runs programs, which may outlive it. Default: no. */
  hasTools?: boolean;
};

const JSON_LINES = [
  '-p',
  '--input-format=stream-json',
  '--output-format=stream-json',
  '--include-partial-messages',
  '--verbose', // without it the CLI refuses stream-json output
];

/** A model and nothing else: no built-in tools, no settings, no project files, no transcript. */
const CHAT_ARGS = [
  ...JSON_LINES,
  '--safe-mode',
  '--setting-sources=',
  '--tools=',
  '--strict-mcp-config',
  '--no-session-persistence',
  '--permission-mode=dontAsk',
  '--allowedTools=mcp__client',
];

/** A day, in milliseconds. */
const PATIENCE_MS = '86400000';

/** The conversation stays as it is, and so do the caller's tools. */
const CHAT_ENVIRONMENT = {
  DISABLE_AUTO_COMPACT: '1',
  ENABLE_TOOL_SEARCH: 'false',
  CLAUDE_AGENT_SDK_MCP_NO_PREFIX: '1',
  // Beside a tool named Agent the CLI would tell the model which agents there are.
  CLAUDE_AGENT_SDK_DISABLE_BUILTIN_AGENTS: '1',
  CLAUDE_CODE_MAX_MCP_DESCRIPTION_LENGTH: '1000000',
  MCP_TOOL_TIMEOUT: PATIENCE_MS,
};

/** How long their callers take for results is not for the CLI to say. */
const CLIENT_TOOLS_ENVIRONMENT = { MCP_TOOL_TIMEOUT: PATIENCE_MS };

/** The CLI tells when it has nothing more to do. */
const AGENT_ENVIRONMENT = { CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS: '1' };

/** The CLI notes how a file was before its file tools change it (CLI 2.1.330). */
const CHECKPOINT_ENVIRONMENT = { CLAUDE_CODE_ENABLE_SDK_FILE_CHECKPOINTING: '1' };

/**
 * Attachments tell the model that it plans, and where the plan goes (CLI 2.1.330); `client_composed` alone
 * keeps `@path` in the prompt a text. The tool that ends planning is there from the beginning.
 */
const PLAN_ENVIRONMENT = { CLAUDE_CODE_DISABLE_ATTACHMENTS: '', ENABLE_TOOL_SEARCH: 'false' };

/** What the CLI calls the modes that it calls otherwise. */
const MODES: Partial<Record<AgentOptions['permissionMode'], string>> = { ask: 'default' };

const NO_LEAVE: OperatorLeave = { settingSources: [], mcpConfig: undefined, isSandboxed: false };

/** Without these the CLI runs what the sandbox stops outside of it, and what runs inside unasked. */
const SANDBOX = {
  enabled: true,
  failIfUnavailable: true,
  allowUnsandboxedCommands: false,
  autoAllowBashIfSandboxed: false,
};

/** The profile of every chat process: nothing of a request stands on its command line. */
export function toChatLaunch(
  { environment, loginArgs }: LaunchBase,
  emptyFolder: string,
): LaunchProfile {
  return {
    args: [...CHAT_ARGS, ...loginArgs],
    environment: { ...environment, ...CHAT_ENVIRONMENT },
    folder: emptyFolder,
  };
}

/**
 * The profile of an agent's process. Values stand behind `=` in the same argument, so that none of
 * them can become a flag of its own.
 */
export function toAgentLaunch(
  request: Pick<RunRequest, 'model' | 'effort' | 'tools'>,
  agent: AgentOptions,
  { environment, loginArgs, leave = NO_LEAVE, hiddenPaths = [], hiddenVariables = [] }: LaunchBase,
  folder: string,
): LaunchProfile {
  const hasClientTools = request.tools.length > 0;
  const folders = [folder, ...(agent.additionalDirectories ?? [])];
  const sandbox = {
    ...SANDBOX,
    filesystem: toFilesystem(folders, hiddenPaths),
    // CLAUDE_CODE_SUBPROCESS_ENV_SCRUB would open most of the disk for writing (CLI 2.1.330).
    credentials: { envVars: hiddenVariables.map((name) => ({ name, mode: 'deny' })) },
  };
  return {
    args: [
      ...JSON_LINES,
      ...(leave.isSandboxed ? withSettings(loginArgs, { sandbox }) : loginArgs),
      `--setting-sources=${leave.settingSources.join(',')}`,
      '--strict-mcp-config',
      ...toValueArg('--mcp-config', leave.mcpConfig),
      ...toListArg('--add-dir', agent.additionalDirectories ?? []),
      // Asked over stdio, or denied.
      agent.isAnswered ? '--permission-prompt-tool=stdio' : '--permission-prompts=none',
      '--system-prompt-snapshot=off',
      `--permission-mode=${toPermissionModeName(agent.permissionMode)}`,
      `--model=${request.model}`,
      ...toSessionArgs(agent),
      ...toListArg('--allowedTools', agent.allowedTools),
      // Whose tools they are need not be asked.
      ...(hasClientTools ? ['--allowedTools=mcp__client'] : []),
      ...toListArg('--disallowedTools', agent.disallowedTools),
      ...toValueArg('--max-turns', agent.maxTurns),
      ...toValueArg('--max-budget-usd', agent.maxBudgetUsd),
      ...toValueArg('--effort', request.effort),
    ],
    environment: {
      ...environment,
      ...AGENT_ENVIRONMENT,
      ...(isPlanReviewed(agent) && PLAN_ENVIRONMENT),
      ...(hasClientTools && CLIENT_TOOLS_ENVIRONMENT),
      ...(agent.checkpoints && CHECKPOINT_ENVIRONMENT),
    },
    folder,
    hasTools: true,
  };
}

/** What the CLI calls a mode. */
export function toPermissionModeName(mode: AgentOptions['permissionMode']): string {
  return MODES[mode] ?? mode;
}

/** Without one who answers the CLI has no tool to end planning, and the plan is its last words. */
function isPlanReviewed({ permissionMode, isAnswered }: AgentOptions) {
  return permissionMode === 'plan' && isAnswered === true;
}

/** Only what lies in something hidden has to be opened again: opening more would open what it hides. */
function toFilesystem(folders: readonly string[], hiddenPaths: readonly string[]) {
  return {
    denyRead: hiddenPaths,
    allowRead: folders.filter((folder) => hiddenPaths.some((hidden) => isInside(hidden, folder))),
    denyWrite: hiddenPaths.filter((hidden) => folders.some((folder) => isInside(folder, hidden))),
  };
}

/** Of two `--settings` the CLI would heed one only. */
function withSettings(args: readonly string[], settings: object) {
  const flag = '--settings=';
  const given = args.find((arg) => arg.startsWith(flag))?.slice(flag.length) ?? '{}';
  const all = { ...(JSON.parse(given) as object), ...settings };
  return [...args.filter((arg) => !arg.startsWith(flag)), flag + JSON.stringify(all)];
}

function toSessionArgs({ session }: AgentOptions) {
  if (!session) return ['--no-session-persistence'];
  return [session.isNew ? `--session-id=${session.id}` : `--resume=${session.id}`];
}

function toListArg(flag: string, values: readonly string[]) {
  return values.map((value) => `${flag}=${value}`);
}

function toValueArg(flag: string, value: string | number | undefined) {
  return value === undefined ? [] : [`${flag}=${value}`];
}
