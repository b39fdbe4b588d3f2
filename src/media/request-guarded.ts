import { once } from 'node:events';
import { lookup as lookupName } from 'node:dns/promises';
import { type IncomingMessage, type OutgoingHttpHeaders, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP } from 'node:net';

import { withoutBrackets } from '../common/loopback.ts';
import { guardLookup, type Lookup } from './guard-lookup.ts';
import type { MayConnect } from './may-connect.ts';
import { toPort } from './web-address.ts';

export type GuardedRequest = {
  mayConnect: MayConnect;
  /** Default: the system's. */
  lookup?: Lookup | undefined;
  /** Default: `GET`. */
  method?: string;
  headers: OutgoingHttpHeaders;
  body?: string;
  signal: AbortSignal;
};

const lookupAll: Lookup = (name) => lookupName(name, { all: true });

/**
 * Sends a request to an address of the web; throws when it may not be connected to, or cannot. Node's own
 * client is used for its `lookup`: what is checked is the very address that is connected to, so a name that
 * resolves differently the next time gains nothing. No agent: a connection never outlives its check. No
 * cookies, no credentials, no proxy, no redirects.
 */
export async function requestGuarded(
  url: URL,
  { mayConnect, lookup = lookupAll, method = 'GET', headers, body, signal }: GuardedRequest,
): Promise<IncomingMessage> {
  const host = withoutBrackets(url.hostname);
  const port = toPort(url);
  const isAllowed = (address: string) => mayConnect({ host, address, port });
  // Node looks up names only: an address goes to the socket as it is.
  if (isIP(host) > 0 && !isAllowed(host)) throw new Error(`${host} may not be connected to.`);

  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  const outgoing = request(url, {
    agent: false,
    method,
    headers,
    lookup: guardLookup(lookup, isAllowed),
    signal,
  });
  outgoing.on('error', () => undefined); // once its answer has begun, the answer's own error tells
  outgoing.end(body);
  const [response] = await once(outgoing, 'response');
  return response as IncomingMessage; // what Node documents for this event
}
