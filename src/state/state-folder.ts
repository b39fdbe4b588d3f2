import { accessSync, constants, statfsSync } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';

/**
 * Makes the state folder where there is none, for its owner only (0700), and checks that it can be
 * written. Throws an error of one sentence.
 */
export async function openStateFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
    throw new Error(
      `The state folder ${path} cannot be written${code}: set STATE_DIR to a folder of your own.`,
      { cause },
    );
  }
}

/** Less than this, in bytes, and the databases cannot grow. */
const LEAST_ROOM = 1_048_576;

/** Whether what is stored in the folder now would be there: its disk has room, and may be written. */
export function takesWrites(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize >= LEAST_ROOM;
  } catch {
    return false;
  }
}
