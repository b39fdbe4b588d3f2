import { isIP, isIPv4 } from 'node:net';

import { isPublicAddress, toBlockList } from './is-public-address.ts';

/** Where a connection would go: the host as the URL names it, and the very address behind it. */
type Target = { host: string; address: string; port: number };

export type MayConnect = (target: Target) => boolean;

const WEB_PORTS: ReadonlySet<number> = new Set([80, 443]);

/**
 * Makes the rule which targets may be connected to: public addresses on these ports (default: those of the
 * web), and what the operator allows (host names, addresses, networks) on any port.
 */
export function createMayConnect(
  allowedHosts: readonly string[],
  ports: ReadonlySet<number> | 'any' = WEB_PORTS,
): MayConnect {
  const networks = toBlockList(allowedHosts.filter(isNetwork));
  const names = new Set(allowedHosts.filter((entry) => !isNetwork(entry)).map(toPlainName));

  return ({ host, address, port }) =>
    names.has(toPlainName(host)) ||
    networks.check(address, isIPv4(address) ? 'ipv4' : 'ipv6') ||
    ((ports === 'any' || ports.has(port)) && isPublicAddress(address));
}

function isNetwork(entry: string) {
  return entry.includes('/') || isIP(entry) > 0;
}

function toPlainName(name: string) {
  return name.toLowerCase().replace(/\.$/, '');
}
