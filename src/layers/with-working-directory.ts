import { mkdir, readlink, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

import { isInside } from '../is-inside.ts';
import { RunError } from '../run-error.ts';
import type { AgentOptions, Run, RunRequest } from '../run.ts';

export type WorkingDirectoryOptions = {
  /** Absolute; used when none is wanted, and created then if missing. */
  defaultFolder: string;
  /** Absolute; a wanted folder is one of them or lies inside one, symlinks resolved. */
  allowedRoots: readonly string[];
  /** Absolute; nobody works in it whatever the roots are, the default folder aside. */
  stateFolder: string;
};

const NAMES = {
  workingDirectory: 'The working directory',
  additionalDirectories: 'Every additional directory',
} as const;

/** As many as Linux follows before it calls a path a loop. */
const MAX_SYMLINKS = 40;

/**
 * The real path of the folder in which a run shall work. Creates nothing that the caller names.
 * Throws `forbidden` outside the roots, and `invalid-request` for what is not a folder inside them.
 */
export async function resolveWorkingDirectory(
  wanted: string | undefined,
  { defaultFolder, allowedRoots, stateFolder }: WorkingDirectoryOptions,
  param: keyof typeof NAMES = 'workingDirectory',
): Promise<string> {
  if (wanted === undefined) {
    await mkdir(defaultFolder, { recursive: true });
    return realpath(defaultFolder);
  }

  const path = await followSymlinks(resolve(defaultFolder, wanted));
  const toReal = (folder: string) => followSymlinks(resolve(folder));
  const roots = await Promise.all(allowedRoots.map(toReal));
  const isIn = (folder: string | undefined) =>
    folder !== undefined && path !== undefined && isInside(folder, path);
  const isState = isIn(await toReal(stateFolder)) && !isIn(await toReal(defaultFolder));
  if (path === undefined || isState || !roots.some(isIn)) {
    throw new RunError('forbidden', `${NAMES[param]} must lie inside an allowed folder.`, {
      param,
    });
  }

  const isFolder = await stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  if (!isFolder) {
    throw new RunError('invalid-request', `${NAMES[param]} must be an existing folder.`, { param });
  }
  return path;
}

/**
 * Gives an agent's run its real folders; a continued session that names no working directory keeps its
 * own.
 */
export function withWorkingDirectory(run: Run, options: WorkingDirectoryOptions): Run {
  return (request, signal) => {
    const { agent } = request;
    const isPlaced = agent && keepsItsOwn(agent) && !agent.additionalDirectories;
    if (agent === undefined || isPlaced) return run(request, signal);
    return runInFolders(request, agent, signal);
  };

  async function* runInFolders(
    request: RunRequest,
    agent: AgentOptions,
    signal: AbortSignal,
  ): ReturnType<Run> {
    const { workingDirectory: wanted, additionalDirectories: further } = agent;
    const workingDirectory = keepsItsOwn(agent)
      ? undefined
      : await resolveWorkingDirectory(wanted, options);
    const toReal = (folder: string) =>
      resolveWorkingDirectory(folder, options, 'additionalDirectories');
    const additionalDirectories = further && (await Promise.all(further.map(toReal)));
    const placed = { ...agent, workingDirectory, additionalDirectories };
    yield* run({ ...request, agent: placed }, signal);
  }
}

function keepsItsOwn({ session, workingDirectory }: AgentOptions) {
  return session !== undefined && workingDirectory === undefined;
}

/**
 * Like `realpath`, but goes on where the path ends: what is missing must be judged by where it would
 * be, or the answer tells which files exist outside. `undefined` when the links go in a circle.
 */
async function followSymlinks(path: string, left = MAX_SYMLINKS): Promise<string | undefined> {
  const real = await realpath(path).catch(() => undefined);
  if (real !== undefined) return real;

  const parent = dirname(path);
  if (parent === path) return path;
  const realParent = await followSymlinks(parent, left);
  if (realParent === undefined) return undefined;

  const here = join(realParent, basename(path));
  const target = await readlink(here).catch(() => undefined);
  if (target === undefined) return here;
  return left === 0 ? undefined : followSymlinks(resolve(realParent, target), left - 1);
}
