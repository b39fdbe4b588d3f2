import { isIP } from 'node:net';

const EVERY_ADDRESS = new Set(['0.0.0.0', '::', '[::]']);

/**
 * Whether an API address that a CLI process would use is this server itself: each run would then
 * start a CLI that calls the proxy.
 */
export function leadsBack(
  baseUrl: string | undefined,
  { host, port }: { host: string; port: number },
): boolean {
  if (!baseUrl || !URL.canParse(baseUrl)) return false;
  const url = new URL(baseUrl);
  const theirPort = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  if (theirPort !== port) return false;
  const theirs = url.hostname.replace(/^\[|\]$/g, '');
  if (theirs === host) return true;
  const isHereAnyway = EVERY_ADDRESS.has(host) || isLoopback(host);
  return isHereAnyway && (isLoopback(theirs) || EVERY_ADDRESS.has(theirs));
}

function isLoopback(host: string) {
  if (host === 'localhost' || host.endsWith('.localhost')) return true;
  return isIP(host) === 4 ? host.startsWith('127.') : host === '::1';
}
