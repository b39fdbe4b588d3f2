import { isIP } from 'node:net';

import { createMiddleware } from 'hono/factory';

import { isEveryAddress, isLoopback, withoutBrackets } from '../loopback.ts';
import { RunError } from '../run-error.ts';
import { readHost } from './read-host.ts';

export type CheckHostOptions = {
  /** The address on which the server listens. */
  host: string;
  /** Further names and addresses, without ports, by which callers may reach it. */
  allowedHosts: readonly string[];
};

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

/** As a URL writes it, but without the brackets of IPv6 and a last dot. */
function toPlainName(host: string) {
  const bare = withoutBrackets(host);
  const name = URL.parse(`http://${isIP(bare) === 6 ? `[${bare}]` : bare}`)?.hostname ?? bare;
  return withoutBrackets(name).replace(/\.$/, '');
}
