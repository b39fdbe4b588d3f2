import { createMiddleware } from 'hono/factory';

import type { ApiKey } from '../keys/api-key.ts';
import type { Allowance, KeyLimits } from '../limits/key-limits.ts';
import { isAnthropic } from './is-anthropic.ts';
import type { AppEnv } from './variables.ts';

/** Tells in the answer's headers how far the caller's key is from its limits, as each API names them. */
export function showLimits(limits: Pick<KeyLimits, 'standing'>) {
  return createMiddleware<AppEnv>(async (c, next) => {
    await next();
    if (!isCounted(c.var.key)) return;
    const standing = await limits.standing(c.var.key);
    const toHeaders = isAnthropic(c) ? toAnthropicHeaders : toOpenaiHeaders;
    for (const [kind, allowance] of Object.entries(standing)) {
      for (const [name, value] of Object.entries(toHeaders(kind, allowance))) c.header(name, value);
    }
  });
}

function isCounted({ requestsPerMinute, tokensPerMinute, tokensPerDay }: ApiKey) {
  return [requestsPerMinute, tokensPerMinute, tokensPerDay].some((limit) => limit !== undefined);
}

/** https://platform.openai.com/docs/guides/rate-limits#rate-limits-in-headers */
function toOpenaiHeaders(kind: string, { limit, remaining, msLeft }: Allowance) {
  return {
    [`x-ratelimit-limit-${kind}`]: String(limit),
    [`x-ratelimit-remaining-${kind}`]: String(remaining),
    [`x-ratelimit-reset-${kind}`]: toDuration(Math.ceil(msLeft / 1000)),
  };
}

/** https://docs.claude.com/en/api/rate-limits#response-headers */
function toAnthropicHeaders(kind: string, { limit, remaining, msLeft }: Allowance) {
  return {
    [`anthropic-ratelimit-${kind}-limit`]: String(limit),
    [`anthropic-ratelimit-${kind}-remaining`]: String(remaining),
    [`anthropic-ratelimit-${kind}-reset`]: new Date(Date.now() + msLeft).toISOString(),
  };
}

/** `1h2m3s`, as OpenAI writes it. */
function toDuration(seconds: number) {
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const units = [
    [hours, 'h'],
    [minutes, 'm'],
  ] as const;
  const larger = units.map(([count, unit]) => (count > 0 ? `${count}${unit}` : '')).join('');
  return `${larger}${seconds % 60}s`;
}
