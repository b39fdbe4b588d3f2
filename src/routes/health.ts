import type { Handler } from 'hono';

import { setImmediate } from 'node:timers/promises';

import type { CliStatus, ReadCliStatus } from '../cli-status.ts';
import type { AppEnv } from '../middleware/variables.ts';

export type HealthParts = {
  version: string;
  cliVersion: string;
  /** When the server started, in milliseconds since the epoch. */
  startedAtMs: number;
  queue: () => { waiting: number; running: number; concurrency: number };
  countSessions: () => Promise<number>;
  readCliStatus: ReadCliStatus;
};

/** A CLI that did not tell its status is asked again no sooner than this, in milliseconds. */
const ASK_AGAIN_MS = 30_000;

/**
 * `GET /health`: no key needed, no secrets told. Answers at once from what is known: it may be called
 * every second, and a broken CLI must neither hang it nor be started by each call.
 */
export function health(parts: HealthParts): Handler<AppEnv> {
  const readKnownStatus = createReadKnownStatus(parts.readCliStatus);

  return async (c) => {
    const status = await readKnownStatus();
    return c.json({
      status: status?.isLoggedIn ? 'ok' : 'degraded',
      version: parts.version,
      uptimeSeconds: Math.floor((Date.now() - parts.startedAtMs) / 1000),
      queue: parts.queue(),
      sessions: await parts.countSessions(),
      cli: {
        version: parts.cliVersion,
        found: true,
        loggedIn: status?.isLoggedIn ?? null,
      },
    });
  };
}

/** The status as last told; asks for a newer one meanwhile, one question at a time. */
function createReadKnownStatus(readCliStatus: ReadCliStatus) {
  let known: CliStatus | undefined;
  let asking: Promise<void> | undefined;
  let askAgainAtMs = 0;

  return async () => {
    if (Date.now() >= askAgainAtMs) asking ??= ask();
    await Promise.race([asking, setImmediate()]); // an answer that is kept already is there by then
    return known;
  };

  async function ask() {
    try {
      known = await readCliStatus();
    } catch {
      known = undefined;
      askAgainAtMs = Date.now() + ASK_AGAIN_MS;
    } finally {
      asking = undefined;
    }
  }
}
