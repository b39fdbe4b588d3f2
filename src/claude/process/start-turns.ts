import { addAbortListener } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

/** Resolves when a process may start, with a function to call when that process is up. */
export type TakeStartTurn = (signal: AbortSignal) => Promise<() => void>;

export type StartTurnsOptions = {
  /** Where the CLI keeps its login. */
  claudeFolder: string;
  /** Milliseconds since 1970. */
  now?: () => number;
};

/** How long before its expiry the CLI renews a login, in milliseconds. */
const RENEWAL_MS = 5 * 60_000;

/** A start that takes longer, in milliseconds, does not hold up the others. */
const LONGEST_START_MS = 20_000;

/** Nothing else is read of the file, which holds secrets. */
const Credentials = z.object({ claudeAiOauth: z.object({ expiresAt: z.number() }) });

/**
 * Makes processes start one after the other while the stored login is about to expire: each would renew
 * it, and of two that do so at once one is logged out. At all other times nobody waits. A wait ends with
 * the signal's reason when the signal aborts.
 */
export function createStartTurns({
  claudeFolder,
  now = Date.now,
}: StartTurnsOptions): TakeStartTurn {
  const file = join(claudeFolder, '.credentials.json');
  let last: Promise<unknown> = Promise.resolve();

  const isEnding = async () => {
    const expiresAt = await readExpiry(file);
    return expiresAt !== undefined && expiresAt - now() < RENEWAL_MS;
  };

  return async (signal) => {
    if (!(await isEnding())) return () => {};
    const { promise: isUp, resolve: end } = Promise.withResolvers<void>();
    const earlier = last;
    last = earlier.then(() => isUp);
    try {
      await untilAborted(earlier, signal);
    } catch (error) {
      end();
      throw error;
    }
    if (!(await isEnding())) end(); // the one before has renewed it
    setTimeout(end, LONGEST_START_MS).unref();
    return end;
  };
}

async function readExpiry(file: string) {
  try {
    return Credentials.parse(JSON.parse(await readFile(file, 'utf8'))).claudeAiOauth.expiresAt;
  } catch {
    return undefined; // no such login, or one that is kept elsewhere
  }
}

async function untilAborted(wait: Promise<unknown>, signal: AbortSignal) {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  using _listener = addAbortListener(signal, () => aborted.reject(signal.reason));
  await Promise.race([wait, aborted.promise]);
}
