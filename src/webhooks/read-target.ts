import { isIP } from 'node:net';

import { withoutBrackets } from '../common/loopback.ts';
import { createMayConnect, type MayConnect } from '../media/may-connect.ts';
import { toPort } from '../media/web-address.ts';
import { RunError } from '../run-error.ts';

/** An address, and where it may lead once its name is looked up. */
export type Target = { url: URL; mayConnect: MayConnect };

/** No port is open to all that is public. */
const NO_PORTS: ReadonlySet<number> = new Set();

/**
 * Reads where a webhook goes: https on any port of a public host, or what the operator allows. Throws
 * `invalid-request` for what can be seen to be neither.
 */
export function readTarget(address: string, allowedHosts: readonly string[]): Target {
  const url = URL.parse(address);
  if (!url || !['http:', 'https:'].includes(url.protocol)) {
    throw refuse('A webhook needs an https address.');
  }
  if (url.username !== '' || url.password !== '') {
    throw refuse('A webhook’s address cannot have a user name or a password in it.');
  }
  const isSecure = url.protocol === 'https:';
  if (!isSecure && allowedHosts.length === 0) {
    throw refuse('Webhooks are sent over https only (WEBHOOK_ALLOWED_HOSTS).');
  }
  const mayConnect = createMayConnect(allowedHosts, isSecure ? 'any' : NO_PORTS);
  const host = withoutBrackets(url.hostname);
  if (isIP(host) > 0 && !mayConnect({ host, address: host, port: toPort(url) })) {
    throw refuse('Webhooks are sent to public hosts only, over https (WEBHOOK_ALLOWED_HOSTS).');
  }
  return { url, mayConnect };
}

function refuse(sentence: string) {
  return new RunError('invalid-request', sentence, { param: 'webhook.url' });
}
