import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { lockFile, tryLockFile } from '../state/file-lock.ts';
import { createSessionLocks, type SessionLocks } from './session-locks.ts';

export type SharedLocksOptions = {
  /** Has one empty file for each session; it is made if missing, for this user only. */
  folder: string;
  /** Told when a file could not be locked: the session is then locked in this server alone. */
  onProblem: (error: unknown) => void;
};

/**
 * Makes locks that hold among all servers with the same folder. A server that dies gives up those that it
 * held.
 */
export function createSharedLocks({ folder, onProblem }: SharedLocksOptions): SessionLocks {
  const own = createSessionLocks();
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const toFile = (id: string) => join(folder, id);

  /** Returns the release of the file, or undefined when another server has it. */
  const tryFile = (id: string) => {
    try {
      return tryLockFile(toFile(id));
    } catch (error) {
      onProblem(error);
      return () => {};
    }
  };

  const isHeldElsewhere = (id: string) => {
    const release = tryFile(id);
    release?.();
    return release === undefined;
  };

  return {
    isHeld: async (id) => (await own.isHeld(id)) || isHeldElsewhere(id),
    async tryAcquire(id) {
      const release = await own.tryAcquire(id);
      const unlock = release && tryFile(id);
      if (unlock) return toBoth(unlock, release);
      release?.();
      return undefined;
    },
    async acquire(id, signal) {
      const release = await own.acquire(id, signal);
      try {
        return toBoth(await lockFile(toFile(id), signal), release);
      } catch (error) {
        if (signal?.aborted) {
          release();
          throw error;
        }
        onProblem(error);
        return release;
      }
    },
    forget(id) {
      try {
        rmSync(toFile(id), { force: true });
      } catch (error) {
        onProblem(error);
      }
    },
  };
}

/** The file first: the next one here would meet it. */
function toBoth(unlock: () => void, release: () => void) {
  return () => {
    unlock();
    release();
  };
}
