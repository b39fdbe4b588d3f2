import { isIPv6 } from 'node:net';

import type { Config } from '../config.ts';

const EVERY_ADDRESS = new Set(['0.0.0.0', '::']);

/** Where a program on this machine reaches the server. */
export function toLocalUrl({ host, port }: Pick<Config, 'host' | 'port'>): string {
  const name = EVERY_ADDRESS.has(host) ? '127.0.0.1' : host;
  return `http://${isIPv6(name) ? `[${name}]` : name}:${port}`;
}
