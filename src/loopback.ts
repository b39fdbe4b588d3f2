import { isIPv4 } from 'node:net';

/** Tells whether a host, a name or an address without brackets, can only be this machine. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, '');
  if (name === 'localhost' || name.endsWith('.localhost')) return true;
  const address = name.replace(/^::ffff:(?=[\d.]+$)/, '');
  return isIPv4(address) ? address.startsWith('127.') : address === '::1';
}

/** A host as a URL writes it, without the brackets that stand around an IPv6 address there. */
export function withoutBrackets(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}
