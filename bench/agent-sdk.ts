import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { execa } from 'execa';

import { CLAUDE, type Stage } from './processes.ts';

/** The Agent SDK, which is no dependency: the benchmark installs it for itself, so its own types are not here. */
export type AgentSdk = {
  startup: (start: { options: Record<string, unknown> }) => Promise<{
    query: (prompt: string) => AsyncIterable<Message>;
  }>;
};

type Message = { type: string; event?: { type: string } };

type Spawning = {
  command: string;
  args: string[];
  cwd?: string;
  env: NodeJS.ProcessEnv;
  signal: AbortSignal;
};

const NAME = '@anthropic-ai/claude-agent-sdk';
const VERSION = '0.3.332';

const PLACE = join(import.meta.dirname, '../.clients', `bench-agent-sdk-${VERSION}`);
const FILE = join(PLACE, 'node_modules', NAME, 'sdk.mjs');

/** Installs the package where it is missing; `undefined` when it cannot be had. */
export async function loadAgentSdk(): Promise<AgentSdk | undefined> {
  try {
    if (!existsSync(FILE)) {
      await mkdir(PLACE, { recursive: true });
      const quiet = ['--no-audit', '--no-fund', '--no-package-lock', '--omit=optional'];
      await execa('npm', ['install', '--prefix', PLACE, ...quiet, `${NAME}@${VERSION}`]);
    }
    return (await import(FILE)) as AgentSdk; // of this version
  } catch (error) {
    console.log(`No row of the Agent SDK: ${error instanceof Error ? error.message : 'unknown'}`);
    return undefined;
  }
}

/** A process that the SDK has started ahead. */
export type WarmSdk = {
  /** Asks it, once; resolves with the time to the first token, in milliseconds, when its process has ended. */
  ask: (prompt: string) => Promise<number>;
};

/** Starts one ahead, for the same kind of chat as the benchmark's `claude -p`. */
export async function warmSdk(sdk: AgentSdk, { claudeEnvironment }: Stage): Promise<WarmSdk> {
  let child: ChildProcess | undefined;
  const warm = await sdk.startup({
    options: {
      pathToClaudeCodeExecutable: CLAUDE,
      cwd: claudeEnvironment['HOME'],
      env: claudeEnvironment,
      model: 'sonnet',
      systemPrompt: 'Be brief.',
      tools: [],
      settingSources: [],
      persistSession: false,
      includePartialMessages: true,
      spawnClaudeCodeProcess({ command, args, cwd, env, signal }: Spawning) {
        child = spawn(command, args, { cwd, env, signal, stdio: ['pipe', 'pipe', 'inherit'] });
        return child;
      },
    },
  });
  return {
    async ask(prompt) {
      const exited = child && once(child, 'exit');
      const startedAt = performance.now();
      let firstTokenMs: number | undefined;
      for await (const { event } of warm.query(prompt)) {
        if (event?.type === 'content_block_delta') firstTokenMs ??= performance.now() - startedAt;
      }
      await exited;
      if (firstTokenMs === undefined) throw new Error('The Agent SDK brought no token.');
      return firstTokenMs;
    },
  };
}
