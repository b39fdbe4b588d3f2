import { mkdir, realpath, stat } from 'node:fs/promises';

import { type AllowedFolders, toAllowedPath } from '../allowed-folders.ts';
import { RunError } from '../run-error.ts';
import type { AgentOptions, Run, RunRequest } from '../run.ts';

const NAMES = {
  workingDirectory: 'The working directory',
  additionalDirectories: 'Every additional directory',
} as const;

/**
 * The real path of the folder in which a run shall work. Creates nothing that the caller names.
 * Throws `forbidden` outside the roots, and `invalid-request` for what is not a folder inside them.
 */
export async function resolveWorkingDirectory(
  wanted: string | undefined,
  folders: AllowedFolders,
  param: keyof typeof NAMES = 'workingDirectory',
): Promise<string> {
  if (wanted === undefined) {
    await mkdir(folders.defaultFolder, { recursive: true });
    return realpath(folders.defaultFolder);
  }

  const path = await toAllowedPath(wanted, folders);
  if (path === undefined) {
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
export function withWorkingDirectory(run: Run, options: AllowedFolders): Run {
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

/** Stands for the default folder of whichever machine carries the run out. */
const DEFAULT_FOLDER_THERE = '.';

/** The same for runs that go on elsewhere, where their folders are looked at. */
export function withFoldersElsewhere(run: Run): Run {
  return (request, signal) => {
    const { agent } = request;
    if (agent === undefined || keepsItsOwn(agent)) return run(request, signal);
    const { workingDirectory = DEFAULT_FOLDER_THERE } = agent;
    return run({ ...request, agent: { ...agent, workingDirectory } }, signal);
  };
}

function keepsItsOwn({ session, workingDirectory }: AgentOptions) {
  return session !== undefined && workingDirectory === undefined;
}
