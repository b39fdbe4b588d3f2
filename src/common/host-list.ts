import { isIPv6 } from 'node:net';

/** A host of a list: a name or an address, for all ports or for one. */
type HostEntry = { host: string; port: string | undefined };

const ENTRY = /^(?<host>\[[\da-f:.]+\]|[\p{L}\p{N}._-]+)(?::(?<port>\d{1,5}))?$/iu;

/** Whether a text is an entry: `tools.example.com`, `127.0.0.1:9000`, `[::1]:9000`. */
export function isHostEntry(text: string): boolean {
  return readEntry(text) !== undefined;
}

/** Whether a web address is on a host of the list. */
export function isOnListedHost(url: string, entries: readonly string[]): boolean {
  const { hostname, port, protocol } = new URL(url);
  const host = withoutDot(hostname);
  const realPort = port || (protocol === 'https:' ? '443' : '80');
  return entries.some((text) => {
    const entry = readEntry(text);
    return entry?.host === host && (entry.port === undefined || entry.port === realPort);
  });
}

/** Names and addresses have many spellings; the URL parser knows them. */
function readEntry(text: string): HostEntry | undefined {
  const { host = '', port } = ENTRY.exec(isIPv6(text) ? `[${text}]` : text)?.groups ?? {};
  const hostname = URL.parse(`http://${host}`)?.hostname;
  return hostname ? { host: withoutDot(hostname), port } : undefined;
}

function withoutDot(hostname: string) {
  return hostname.replace(/\.$/, '');
}
