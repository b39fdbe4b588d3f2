import type { Handler } from 'hono';

import type { ReadCliStatus } from '../cli-status.ts';
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

/** `GET /health`: no key needed, no secrets told. */
export function health(parts: HealthParts): Handler<AppEnv> {
  return async (c) => {
    const status = await parts.readCliStatus().catch(() => undefined);
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
