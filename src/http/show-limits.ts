import type { Context } from 'hono';
import { createMiddleware } from 'hono/factory';

import type { Failures } from '../dialects/dialect.ts';
import type { ApiKey } from '../keys/api-key.ts';
import type { KeyLimits } from '../limits/key-limits.ts';
import type { AppEnv } from './variables.ts';

/**
 * Tells in the answer's headers how far the caller's key is from its limits, as each API names them, and
 * lets requests count whose body is refused; a run counts itself.
 */
export function showLimits(
  limits: Pick<KeyLimits, 'enter' | 'standing'>,
  chooseFailures: (c: Context<AppEnv>) => Failures,
) {
  return createMiddleware<AppEnv>(async (c, next) => {
    c.set('countRefused', async () => {
      const visit = await limits.enter(c.get('key'));
      await visit.leave({ tokens: 0, costUsd: 0 });
    });
    await next();
    const key = c.get('key');
    if (!isCounted(key)) return;
    // An answer that is there is not given up because its headers cannot be told.
    const standing = await limits.standing(key).catch(() => ({}));
    const failures = chooseFailures(c);
    for (const [kind, allowance] of Object.entries(standing)) {
      for (const [name, value] of Object.entries(failures.toLimitHeaders(kind, allowance)))
        c.header(name, value);
    }
  });
}

function isCounted({ requestsPerMinute, tokensPerMinute, tokensPerDay }: ApiKey) {
  return [requestsPerMinute, tokensPerMinute, tokensPerDay].some((limit) => limit !== undefined);
}
