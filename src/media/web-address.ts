import { mediaError } from './media-error.ts';

const DEFAULT_PORTS = new Map([
  ['http:', 80],
  ['https:', 443],
]);

/**
 * Reads an address of the web, relative to another one after a redirect. Numbers for hosts (`0x7f.1`)
 * come out as the dotted address they mean. Throws `invalid-request`.
 */
export function readWebAddress(address: string, param: string, base?: URL): URL {
  const url = URL.parse(address, base?.href);
  if (!url || !DEFAULT_PORTS.has(url.protocol)) {
    throw mediaError('Only http and https addresses can be fetched.', param);
  }
  if (url.username !== '' || url.password !== '') {
    throw mediaError('An address with a user name or password in it is not fetched.', param);
  }
  return url;
}

/** The port that an address of the web means. */
export function toPort({ port, protocol }: URL): number {
  return port === '' ? (DEFAULT_PORTS.get(protocol) ?? 0) : Number(port);
}
