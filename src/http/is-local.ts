import type { Context } from 'hono';
import { z } from 'zod';

import { isLoopback, withoutBrackets } from '../common/loopback.ts';
import { isOwnOrigin, readHost } from './check-host-and-origin.ts';

/** What @hono/node-server hands in. */
const Bindings = z.object({
  incoming: z.object({ socket: z.object({ remoteAddress: z.string() }) }),
});

/** What proxies add. Behind one on this machine every caller seems to be here. */
const FORWARDED = [
  'forwarded',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
  'x-client-ip',
  'true-client-ip',
  'cf-connecting-ip',
];

const OWN_SITES: ReadonlySet<string | undefined> = new Set([undefined, 'same-origin', 'none']);

/**
 * Whether a program on this machine asks, by one of the machine's own names: not somebody behind a
 * proxy that says so, and no page of another site in a browser here.
 */
export function isLocal(c: Context): boolean {
  const address = readAddress(c);
  const origin = c.req.header('origin');
  return (
    address !== undefined &&
    isLoopback(address) &&
    isLoopback(withoutBrackets(readHost(c).hostname)) &&
    FORWARDED.every((name) => c.req.header(name) === undefined) &&
    OWN_SITES.has(c.req.header('sec-fetch-site')) &&
    (origin === undefined || isOwnOrigin(c, origin))
  );
}

/** The address at the other end of the connection; `undefined` where no Node server stands in front. */
export function readAddress(c: Context): string | undefined {
  return Bindings.safeParse(c.env).data?.incoming.socket.remoteAddress;
}
