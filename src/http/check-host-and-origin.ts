import { isIP } from 'node:net';

import type { Context } from 'hono';
import { createMiddleware } from 'hono/factory';

import { isEveryAddress, isLoopback, withoutBrackets } from '../common/loopback.ts';
import { RunError } from '../run-error.ts';

export type CheckHostOptions = {
  /** The address on which the server listens. */
  host: string;
  /** Further names and addresses, without ports, by which callers may reach it. */
  allowedHosts: readonly string[];
};

const HOST = /^[^/\\@?#\s]+$/;

/**
 * Answers only to its own names, whatever the port, which tunnels and containers change. A web page
 * whose name was made to lead here (DNS rebinding) calls by its own name, and gets `RunError`
 * `forbidden`. On all addresses of the machine, every address is an own one: rebinding takes a name.
 */
export function checkHost({ host, allowedHosts }: CheckHostOptions) {
  const own = new Set([host, ...allowedHosts].map(toPlainName));
  const isEverywhere = isEveryAddress(host);

  return createMiddleware(async (c, next) => {
    const name = toPlainName(readHost(c).hostname);
    const isOwn = own.has(name) || isLoopback(name) || (isEverywhere && isIP(name) > 0);
    if (!isOwn) {
      throw new RunError(
        'forbidden',
        `This server does not answer to the host name \`${name.slice(0, 80)}\`; its operator can add it to ALLOWED_HOSTS.`,
      );
    }
    await next();
  });
}

/**
 * Refuses what web pages of other origins send, allowed ones (`*`: all) excepted: browsers send many
 * requests without asking first, and only keep the answer from the page. Throws `RunError` `forbidden`.
 * Programs send no `Origin`.
 */
export function checkOrigin(allowed: readonly string[]) {
  return createMiddleware(async (c, next) => {
    const origin = c.req.header('origin');
    const isFine =
      origin === undefined ||
      allowed.includes('*') ||
      allowed.includes(origin) ||
      isOwnOrigin(c, origin);
    if (!isFine) {
      throw new RunError(
        'forbidden',
        `Pages of ${origin.slice(0, 80)} may not call this server; its operator can add the origin to CORS_ORIGINS.`,
      );
    }
    await next();
  });
}

/** By which name, and on which port, the caller reached the server. Throws `invalid-request`. */
export function readHost(c: Context): URL {
  const header = c.req.header('host');
  const url = URL.parse(header === undefined ? c.req.url : `http://${header}`);
  if (!url || (header !== undefined && !HOST.test(header)))
    throw new RunError('invalid-request', 'The `Host` header names no host.');
  return url;
}

/** Whether a page of this server sends it. */
export function isOwnOrigin(c: Context, origin: string): boolean {
  return URL.parse(origin)?.host === readHost(c).host;
}

/** As a URL writes it, but without the brackets of IPv6 and a last dot. */
function toPlainName(host: string) {
  const bare = withoutBrackets(host);
  const name = URL.parse(`http://${isIP(bare) === 6 ? `[${bare}]` : bare}`)?.hostname ?? bare;
  return withoutBrackets(name).replace(/\.$/, '');
}
