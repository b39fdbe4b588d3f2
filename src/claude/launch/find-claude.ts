import { constants } from 'node:fs';
import { access, readFile, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';

import { isOlder, OLDEST_CLI } from '../../common/cli-versions.ts';

/** A `claude` program that runs and is new enough. */
export type ClaudeInstallation = { path: string; version: string };

/** No usable `claude` program; the message says how to get one. */
class InstallationError extends Error {
  override readonly name = 'InstallationError';
}

const VERSION_TIMEOUT_MS = 20_000;

const INSTALL = 'install it with `npm install -g @anthropic-ai/claude-code`';
const UPDATE = 'run `claude update` or `npm install -g @anthropic-ai/claude-code@latest`';

const packageJson = z.object({ bin: z.object({ claude: z.string() }) });

/**
 * Finds the `claude` program: `claudePath`, else PATH, else the npm package beside this one, else the
 * installers' usual places. Throws `InstallationError`.
 */
export async function findClaude({
  claudePath,
  environment,
  packageFolder = findPackageFolder(),
}: {
  claudePath: string | undefined;
  environment: Readonly<Record<string, string | undefined>>;
  /** Folder of the npm package `@anthropic-ai/claude-code`. */
  packageFolder?: string | undefined;
}): Promise<ClaudeInstallation> {
  const candidates =
    claudePath === undefined ? await listCandidates(environment, packageFolder) : [claudePath];
  for (const path of candidates) {
    const version = await readVersion(path, environment);
    if (version !== undefined) {
      refuseOld(path, version);
      return { path, version };
    }
  }
  throw new InstallationError(
    claudePath === undefined
      ? `No claude CLI was found: ${INSTALL}, or name it with CLAUDE_PATH.`
      : `CLAUDE_PATH names ${claudePath}, which is not a claude CLI that runs: correct it, or leave it out.`,
  );
}

async function listCandidates(
  environment: Readonly<Record<string, string | undefined>>,
  packageFolder: string | undefined,
): Promise<readonly string[]> {
  const home = environment['HOME'] || homedir();
  const folders = (environment['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return [
    ...folders.map((folder) => resolve(folder, 'claude')),
    ...(await readPackageBin(packageFolder)),
    join(home, '.local/bin/claude'),
    join(home, '.claude/local/claude'),
    '/usr/local/bin/claude',
    '/opt/homebrew/bin/claude',
    join(home, '.npm-global/bin/claude'),
    join(home, '.bun/bin/claude'),
  ];
}

function findPackageFolder(): string | undefined {
  try {
    return dirname(
      createRequire(import.meta.url).resolve('@anthropic-ai/claude-code/package.json'),
    );
  } catch {
    return undefined;
  }
}

async function readPackageBin(packageFolder: string | undefined): Promise<readonly string[]> {
  if (packageFolder === undefined) {
    return [];
  }
  try {
    const text = await readFile(join(packageFolder, 'package.json'), 'utf8');
    return [join(packageFolder, packageJson.parse(JSON.parse(text)).bin.claude)];
  } catch {
    return [];
  }
}

/** The version that the program prints, or `undefined` when it is no CLI that runs. */
async function readVersion(
  path: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  if (!(await isProgram(path))) {
    return undefined;
  }
  const { stdout, failed } = await execa(path, ['--version'], {
    env: environment,
    extendEnv: false,
    stdin: 'ignore',
    timeout: VERSION_TIMEOUT_MS,
    reject: false,
  });
  return failed ? undefined : /^(\d+\.\d+\.\d+)\S* \(Claude Code\)/.exec(stdout)?.[1];
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

function refuseOld(path: string, version: string): void {
  if (isOlder(version, OLDEST_CLI)) {
    throw new InstallationError(
      `The claude CLI at ${path} is version ${version}, older than ${OLDEST_CLI}: ${UPDATE}.`,
    );
  }
}
