import { createMiddleware } from 'hono/factory';

import type { AppEnv } from './variables.ts';

/** How much of a window is used up, 0 to 1, and when it begins anew, in milliseconds since 1970. */
type ShownLimit = { window: string; used: number; resetsAtMs: number };

/** How the API's own headers name the windows that the CLI names otherwise. */
const WINDOWS: Readonly<Record<string, string>> = { five_hour: '5h', seven_day: '7d' };

const PREFIX = 'anthropic-ratelimit-unified';

/** The headers that a browser's page may read. */
export const PLAN_HEADERS = Object.values(WINDOWS).flatMap((window) =>
  ['utilization', 'reset'].map((fact) => `${PREFIX}-${window}-${fact}`),
);

/**
 * Tells in each answer's headers how far the account's plan is used up, as far as it was known when the
 * answer began: the share (0 to 1), and when the window begins anew (seconds since 1970).
 */
export function showPlanLimits(planLimits: () => readonly ShownLimit[]) {
  return createMiddleware<AppEnv>(async (c, next) => {
    await next();
    for (const { window, used, resetsAtMs } of planLimits()) {
      const name = `${PREFIX}-${WINDOWS[window] ?? window.replaceAll('_', '-')}`;
      c.header(`${name}-utilization`, String(used));
      c.header(`${name}-reset`, String(Math.round(resetsAtMs / 1000)));
    }
  });
}
