import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';

const SQLITE_BUSY = 5;

const LOOK_AGAIN_MS = 20;

/**
 * Waits for the lock of a SQLite file that stays empty, which is made if missing; resolves with its release.
 * Unlike a file that is only there, the system gives the lock back when its holder dies, however that happens.
 * It holds between programs, and between those who ask for it in one, as long as somebody keeps the release: Node
 * closes a database that is collected as garbage. Throws the signal's reason, and SQLite's error for a file that cannot
 * be opened.
 */
export async function lockFile(file: string, signal: AbortSignal | undefined): Promise<() => void> {
  const lock = openLock(file);
  try {
    while (!lock.tryTake()) {
      await delay(LOOK_AGAIN_MS, undefined, { signal });
    }
    return lock.close;
  } catch (error) {
    lock.close();
    signal?.throwIfAborted();
    throw error;
  }
}

/** Takes the same lock if it is free; returns its release. */
export function tryLockFile(file: string): (() => void) | undefined {
  const lock = openLock(file);
  try {
    if (lock.tryTake()) return lock.close;
  } catch (error) {
    lock.close();
    throw error;
  }
  lock.close();
  return undefined;
}

function openLock(file: string) {
  const database = new DatabaseSync(file, { timeout: 0 });
  return {
    /** Says whether it was free. */
    tryTake: () => {
      try {
        // No journal beside the file: nothing is ever written.
        database.exec('PRAGMA journal_mode = MEMORY; BEGIN IMMEDIATE');
        return true;
      } catch (error) {
        if (isBusy(error)) return false;
        throw error;
      }
    },
    close: () => {
      if (database.isOpen) database.close();
    },
  };
}

function isBusy(error: unknown) {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
}
