import { statfs } from 'node:fs/promises';

import type { Config } from '../../config.ts';
import { openStateFolder } from '../../state/state-folder.ts';
import { failed, type Finding, ok, toText, warning } from './finding.ts';

const NAME = 'state folder';
const LOW_BYTES = 200 * 1024 * 1024;

/** Whether the state folder can be written, and has room. */
export async function checkStateFolder({ stateDir }: Pick<Config, 'stateDir'>): Promise<Finding> {
  try {
    await openStateFolder(stateDir);
    const { bavail, bsize } = await statfs(stateDir);
    if (bavail * bsize >= LOW_BYTES) return ok(NAME, `${stateDir} can be written`);
    const free = Math.floor((bavail * bsize) / 1024 / 1024);
    return warning(
      NAME,
      `${stateDir} has ${free} MB left`,
      'Make room, or move it with STATE_DIR.',
    );
  } catch (error) {
    return failed(NAME, toText(error), 'Set STATE_DIR to a folder that this user may write.');
  }
}
