import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config, Environment } from '../config.ts';
import { startModelServer } from '../demo/model-server.ts';

/** The surroundings of a demo, all of them thrown away at its end. */
export type Demo = {
  /** What the CLI may see: nothing of the operator's account. */
  environment: Environment;
  /** Puts the demo's own folders into the settings. */
  toConfig(config: Config): Config;
  stop(): Promise<void>;
};

// What a program needs to run at all. No proxy variables either: they would lead the CLI elsewhere.
const KEPT_NAMES = ['PATH', 'SHELL', 'USER', 'LOGNAME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR'];

/** Starts the scripted model server, and makes the CLI an empty home with a dummy key. */
export async function startDemo(environment: Environment): Promise<Demo> {
  const folder = await mkdtemp(join(tmpdir(), 'claude-code-proxy-demo-'));
  const home = join(folder, 'home');
  const claudeFolder = join(folder, 'claude');
  const stateDir = join(folder, 'state');
  await Promise.all([mkdir(home), mkdir(claudeFolder)]);
  const modelServer = await startModelServer();
  return {
    environment: {
      ...Object.fromEntries(KEPT_NAMES.map((name) => [name, environment[name]])),
      HOME: home,
      CLAUDE_CONFIG_DIR: claudeFolder,
      ANTHROPIC_API_KEY: 'a-demo-needs-no-key',
      ANTHROPIC_BASE_URL: modelServer.url,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      DISABLE_TELEMETRY: '1',
      DISABLE_ERROR_REPORTING: '1',
      DISABLE_AUTOUPDATER: '1',
    },
    toConfig(config) {
      const defaultWorkspaceDir = join(stateDir, 'workspace');
      const allowedRoots = [defaultWorkspaceDir];
      return { ...config, stateDir, defaultWorkspaceDir, allowedRoots, childEnv: [] };
    },
    async stop() {
      await modelServer.close();
      // A CLI process may still be writing its last lines.
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
