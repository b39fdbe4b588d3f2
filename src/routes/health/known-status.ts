import { setImmediate } from 'node:timers/promises';

import type { CliStatus, ReadCliStatus } from '../../backend.ts';

/** The status as last told, at once; `undefined` while nothing is known. */
export type ReadKnownStatus = () => Promise<CliStatus | undefined>;

/** A CLI that did not tell its status is asked again no sooner than this, in milliseconds. */
const ASK_AGAIN_MS = 30_000;

/** Asks for a newer status meanwhile, one question at a time: a broken CLI is not started by each call. */
export function createReadKnownStatus(readCliStatus: ReadCliStatus): ReadKnownStatus {
  let known: CliStatus | undefined;
  let asking: Promise<void> | undefined;
  let askAgainAtMs = 0;

  return async () => {
    if (performance.now() >= askAgainAtMs) asking ??= ask();
    await Promise.race([asking, setImmediate()]); // an answer that is kept already is there by then
    return known;
  };

  async function ask() {
    try {
      known = await readCliStatus();
    } catch {
      known = undefined;
      askAgainAtMs = performance.now() + ASK_AGAIN_MS;
    } finally {
      asking = undefined;
    }
  }
}
