import { isIPv6 } from 'node:net';

import type { Config } from '../config.ts';
import { isEveryAddress } from '../common/loopback.ts';

/** Where a program on this machine reaches the server. */
export function toLocalUrl({ host, port }: Pick<Config, 'host' | 'port'>): string {
  const name = isEveryAddress(host) ? '127.0.0.1' : host;
  return `http://${isIPv6(name) ? `[${name}]` : name}:${port}`;
}
