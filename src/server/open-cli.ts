import { homedir } from 'node:os';
import { join } from 'node:path';

import type { Backend, ReadCliStatus } from '../backend.ts';
import { createClaudeBackend } from '../claude/create-claude-backend.ts';
import { isSecret, toChildEnvironment } from '../claude/launch/child-environment.ts';
import { listLoginFiles } from '../claude/launch/login-files.ts';
import { readOperatorLogin } from '../claude/launch/operator-login.ts';
import { createProcessRegistry } from '../claude/process/process-registry.ts';
import { createScratch } from '../claude/process/scratch.ts';
import type { Environment } from '../config.ts';
import type { Log } from '../http/log-request.ts';
import type { Gate } from '../layers/gate.ts';
import type { Caller } from '../run.ts';
import type { ServerOptions } from './server-parts.ts';

export type CliParts = {
  /** The queue in front of it. */
  gate: Pick<Gate, 'counts' | 'onChange'>;
  log: Log;
  /** Called with the cost of a chat's turn, or of an agent's run that failed or was cancelled, in US dollars. */
  onCost: (caller: Caller, costUsd: number) => void;
};

/** The CLI's side: how its processes are launched, and everything that holds them. */
export async function openCli(
  { config, environment, claude, wrapBackend = asIs }: ServerOptions,
  { gate, log, onCost }: CliParts,
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
  const own = createClaudeBackend({
    config,
    claudePath: claude.path,
    claudeFolder,
    base,
    book: registry,
    scratch,
    queue: gate,
    onCost({ caller, costUsd }) {
      if (costUsd === undefined) noteUnknownCost(log, caller);
      else onCost(caller, costUsd);
    },
  });
  const backend = wrapBackend(own);
  const catalogue = createCatalogue(backend.readStatus);
  return {
    backend,
    readCliStatus: catalogue.readCliStatus,
    isModel: catalogue.has,
    /** Ends the processes of an earlier server, and removes its folders. */
    removeLeftBehind: async () => {
      await registry.endLeftBehind();
      await scratch.removeLeftBehind();
    },
    async close() {
      await own.close();
      await scratch.remove();
    },
  };
}

function noteUnknownCost(log: Log, { keyId: key, requestId }: Caller) {
  log.info({ key, requestId }, 'the process ended before it told what its answer cost');
}

/** Remembers which models the CLI last said there are. */
export function createCatalogue(readStatus: ReadCliStatus) {
  let names: ReadonlySet<string> = new Set();
  return {
    has: (name: string) => names.has(name),
    readCliStatus: async () => {
      const status = await readStatus();
      names = new Set(status.models.flatMap(({ id, aliases }) => [id, ...aliases]));
      return status;
    },
  };
}

function asIs(backend: Backend) {
  return backend;
}

/** Where the CLI keeps its transcripts. */
function toClaudeFolder(environment: Environment): string {
  return environment['CLAUDE_CONFIG_DIR'] ?? join(environment['HOME'] ?? homedir(), '.claude');
}
