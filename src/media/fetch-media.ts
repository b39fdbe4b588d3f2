import { once } from 'node:events';
import { lookup as lookupName } from 'node:dns/promises';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP } from 'node:net';

import { withoutBrackets } from '../loopback.ts';
import { guardLookup, type Lookup } from './guard-lookup.ts';
import type { MayConnect } from './may-connect.ts';
import { mediaError, unreachable } from './media-error.ts';
import { type AnswerOptions, readAnswer } from './read-answer.ts';
import type { Media } from './read-media.ts';
import { readWebAddress, toPort } from './web-address.ts';

/** Fetches one image or document. Throws `invalid-request`, or the signal's error when it aborts. */
export type FetchMedia = (address: string, options: AnswerOptions) => Promise<Media>;

const MAX_REDIRECTS = 3;

const HEADERS = {
  accept: 'image/jpeg, image/png, image/gif, image/webp, application/pdf, text/plain',
  'accept-encoding': 'identity',
  'user-agent': 'claude-code-proxy',
};

/**
 * Makes the fetcher. Node's own client is used for its `lookup`: what is checked is the very address
 * that is connected to, so a name that resolves differently the next time gains nothing. No agent:
 * a connection never outlives its check. No cookies, no credentials, no proxy.
 */
export function createFetchMedia(
  mayConnect: MayConnect,
  lookup: Lookup = (name) => lookupName(name, { all: true }),
): FetchMedia {
  return async (address, options) => {
    let url = readWebAddress(address, options.param);
    for (let hops = 0; hops <= MAX_REDIRECTS; hops += 1) {
      const response = await send(url, options);
      const target = toRedirectTarget(response);
      if (target === undefined) return readAnswer(response, options);
      response.destroy();
      url = readWebAddress(target, options.param, url);
    }
    throw mediaError(`The address redirects more than ${MAX_REDIRECTS} times.`, options.param);
  };

  async function send(url: URL, { param, signal }: AnswerOptions): Promise<IncomingMessage> {
    const host = withoutBrackets(url.hostname);
    const port = toPort(url);
    const isAllowed = (address: string) => mayConnect({ host, address, port });
    // Node looks up names only: an address goes to the socket as it is.
    if (isIP(host) > 0 && !isAllowed(host)) throw unreachable(param);

    const request = url.protocol === 'https:' ? requestHttps : requestHttp;
    const outgoing = request(url, {
      agent: false,
      headers: HEADERS,
      lookup: guardLookup(lookup, isAllowed),
      signal,
    });
    outgoing.on('error', () => undefined); // once its answer has begun, the answer's own error tells
    outgoing.end();
    const [response] = await once(outgoing, 'response').catch((error: unknown) => {
      throw signal.aborted ? error : unreachable(param, error);
    });
    return response as IncomingMessage; // what Node documents for this event
  }
}

function toRedirectTarget({ statusCode = 0, headers }: IncomingMessage): string | undefined {
  return [301, 302, 303, 307, 308].includes(statusCode) ? headers.location : undefined;
}
