import type { Context } from 'hono';

/** Whether a request speaks Anthropic's API: by its path, or because its client says so. */
export function isAnthropic(c: Context): boolean {
  return /\/messages(\/|$)/.test(c.req.path) || c.req.header('anthropic-version') !== undefined;
}
