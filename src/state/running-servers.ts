import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { tryLockFile } from './file-lock.ts';

export type RunningServer = {
  /** Names it among the servers of the folder, of all times. */
  id: string;
  /** Whether no other server worked on the folder when this one began. */
  isAlone: boolean;
  /** Whether the server of this name works on the folder; one that does not never will again. */
  isRunning: (id: string) => boolean;
  /** Tells the others that it has ended; the system does so for one that dies. */
  close: () => void;
};

/**
 * Tells the servers of one folder of each other: each holds the lock of a file of its own there. Files whose
 * servers are gone are removed. Throws what the file system or SQLite throws.
 */
export function joinServers(folder: string): RunningServer {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { id, file, release } = takeOwnFile(folder);
  const isRunning = (other: string) => {
    const its = join(folder, other);
    return existsSync(its) && !removeIfLeft(its);
  };
  return {
    id,
    isAlone: !readdirSync(folder).some((name) => name !== id && isRunning(name)),
    isRunning: (other) => other === id || isRunning(other),
    close() {
      release();
      rmSync(file, { force: true });
    },
  };
}

function takeOwnFile(folder: string) {
  for (;;) {
    const id = randomUUID();
    const file = join(folder, id);
    const release = tryLockFile(file);
    // Who looked between the two took it for one that was left, and removed it.
    if (release && existsSync(file)) return { id, file, release };
    release?.();
  }
}

/** Returns whether nobody held its lock. It goes while it is locked: nobody can have begun to hold it then. */
function removeIfLeft(file: string) {
  const release = tryLockFile(file);
  if (!release) return false;
  rmSync(file, { force: true });
  release();
  return true;
}
