import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { tryLockFile } from './file-lock.ts';

export type RunningServer = {
  /** Whether no other server worked on the folder when this one began. */
  isAlone: boolean;
  /** Whether others died since this was last asked, and none is left. */
  isLeftAlone: () => boolean;
  /** Tells the others that it has ended; the system does so for one that dies. */
  close: () => void;
};

/**
 * Tells the servers of one folder of each other: each holds the lock of a file of its own there. Files whose
 * servers are gone are removed. Throws what the file system or SQLite throws.
 */
export function joinServers(folder: string): RunningServer {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const own = randomUUID();
  const file = join(folder, own);
  const release = tryLockFile(file);
  const look = () => {
    const others = readdirSync(folder).filter((name) => name !== own);
    const running = others.filter((name) => !removeIfLeft(join(folder, name)));
    return { running: running.length, left: others.length - running.length };
  };
  let hasLeft = false;
  return {
    isAlone: look().running === 0,
    isLeftAlone() {
      const { running, left } = look();
      hasLeft ||= left > 0;
      const isLeft = hasLeft && running === 0;
      if (isLeft) hasLeft = false;
      return isLeft;
    },
    close() {
      release?.();
      rmSync(file, { force: true });
    },
  };
}

/** Returns whether nobody held its lock. */
function removeIfLeft(file: string) {
  const release = tryLockFile(file);
  if (!release) return false;
  release();
  rmSync(file, { force: true });
  return true;
}
