import type { Context } from 'hono';

import { isOwnOrigin } from '../../http/check-host-and-origin.ts';

const READS: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/**
 * Whether a request comes from this server's own page, or from the address bar. A page on another port
 * of the same host is the same site for cookies, whatever their SameSite says; it is not the same origin.
 */
export function isOwnPage(c: Context): boolean {
  const isRead = READS.has(c.req.method);
  const site = c.req.header('sec-fetch-site');
  if (site !== undefined) return site === 'same-origin' || (site === 'none' && isRead);
  // Browsers leave Sec-Fetch-Site out where a page came over plain HTTP from another machine.
  const origin = c.req.header('origin');
  if (origin === undefined) return isRead;
  return isOwnOrigin(c, origin);
}
