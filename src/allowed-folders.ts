import { readlink, realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';

import { isInside } from './common/is-inside.ts';
import { RunError } from './run-error.ts';

export type AllowedFolders = {
  /** Absolute; used when none is wanted, and created then if missing. */
  defaultFolder: string;
  /** Absolute; what is wanted is one of them or lies inside one, symlinks resolved. */
  allowedRoots: readonly string[];
  /** Absolute; nobody works in it whatever the roots are, the default folder aside. */
  stateFolder: string;
};

/** As many as Linux follows before it calls a path a loop. */
const MAX_SYMLINKS = 40;

/**
 * The real path of what is wanted, there or not yet; relative to the default folder. `undefined` when it
 * lies outside of what is allowed.
 */
export async function toAllowedPath(
  wanted: string,
  { defaultFolder, allowedRoots, stateFolder }: AllowedFolders,
): Promise<string | undefined> {
  const path = await followSymlinks(resolve(defaultFolder, wanted));
  const toReal = (folder: string) => followSymlinks(resolve(folder));
  const roots = await Promise.all(allowedRoots.map(toReal));
  const isIn = (folder: string | undefined) =>
    folder !== undefined && path !== undefined && isInside(folder, path);
  const isState = isIn(await toReal(stateFolder)) && !isIn(await toReal(defaultFolder));
  return isState || !roots.some(isIn) ? undefined : path;
}

/** Throws `forbidden` unless each of what an agent asks leave for is absolute, and lies inside of what is allowed. */
export async function checkAllowedPaths(
  paths: readonly string[],
  folders: AllowedFolders,
): Promise<void> {
  for (const path of paths) {
    if (isAbsolute(path) && (await toAllowedPath(path, folders)) !== undefined) continue;
    throw new RunError(
      'forbidden',
      'The path must be absolute, and lie inside a folder that this server allows.',
      { param: 'input' },
    );
  }
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
