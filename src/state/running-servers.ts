import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { tryLockFile } from './file-lock.ts';

export type RunningServer = {
  /** Whether no other server worked on the folder when this one began. */
  isAlone: boolean;
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
  const others = readdirSync(folder).filter((name) => name !== own);
  const running = others.filter((name) => !removeIfLeft(join(folder, name)));
  return {
    isAlone: running.length === 0,
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
