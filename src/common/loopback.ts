import { isIPv4 } from 'node:net';

/** Tells whether a host, a name or an address without brackets, can only be this machine. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, '');
  if (name === 'localhost' || name.endsWith('.localhost')) return true;
  const address = name.replace(/^::ffff:(?=[\d.]+$)/, '');
  if (isIPv4(address)) return address.startsWith('127.');
  return address === '::1' || /^::ffff:7f[\da-f]{2}:/.test(address); // 127.… as a URL writes it
}

/** Tells whether a server that listens on this host listens on every address of the machine. */
export function isEveryAddress(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

/** A host as a URL writes it, without the brackets that stand around an IPv6 address there. */
export function withoutBrackets(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}
