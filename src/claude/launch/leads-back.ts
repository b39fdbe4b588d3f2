import { isEveryAddress, isLoopback, withoutBrackets } from '../../common/loopback.ts';

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
  const theirs = withoutBrackets(url.hostname);
  if (theirs === host) return true;
  return [host, theirs].every((name) => isEveryAddress(name) || isLoopback(name));
}
