import { once } from 'node:events';
import type { LookupAddress } from 'node:dns';
import { lookup as lookupName } from 'node:dns/promises';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';

import { RunError } from '../run-error.ts';
import type { MayConnect } from './may-connect.ts';
import { mediaError } from './media-error.ts';
import { type Media, tooLarge } from './read-media.ts';

/** All addresses of a host name. */
export type Lookup = (name: string) => Promise<readonly LookupAddress[]>;

/** Bytes that may still be read, shared by all fetches of one request. */
export type Budget = { readonly maxBytes: number; left: number };

export type FetchOptions = { param: string; budget: Budget; signal: AbortSignal };

/**
 * Fetches one image or document. Throws `invalid-request`, or the signal's error when it aborts.
 */
export type FetchMedia = (address: string, options: FetchOptions) => Promise<Media>;

const MAX_REDIRECTS = 3;

const DEFAULT_PORTS: Record<string, number> = { 'http:': 80, 'https:': 443 };

const HEADERS = {
  accept: 'image/jpeg, image/png, image/gif, image/webp, application/pdf, text/plain',
  'accept-encoding': 'identity',
  'user-agent': 'claude-code-proxy',
};

/** The bytes themselves are looked at later; some stores declare everything as one of the last two. */
const ACCEPTED_TYPE =
  /^(image\/.+|application\/pdf|text\/plain|application\/octet-stream|binary\/octet-stream)$/;

/**
 * One sentence for what may not be reached and what cannot be: two would tell a caller what there is
 * inside the private network.
 */
const UNREACHABLE =
  'The address could not be fetched; only public hosts on the ports 80 and 443 are (MEDIA_ALLOWED_HOSTS).';

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
      if (target === undefined) return readBody(response, options);
      response.destroy();
      url = readWebAddress(target, options.param, url);
    }
    throw mediaError(`The address redirects more than ${MAX_REDIRECTS} times.`, options.param);
  };

  async function send(url: URL, { param, signal }: FetchOptions): Promise<IncomingMessage> {
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
    const port = url.port === '' ? (DEFAULT_PORTS[url.protocol] ?? 0) : Number(url.port);
    const isAllowed = (address: string) => mayConnect({ host, address, port });
    // Node looks up names only: an address goes to the socket as it is.
    if (isIP(host) > 0 && !isAllowed(host)) throw mediaError(UNREACHABLE, param);

    const request = url.protocol === 'https:' ? requestHttps : requestHttp;
    const outgoing = request(url, {
      agent: false,
      headers: HEADERS,
      lookup: toGuardedLookup(lookup, isAllowed),
      signal,
    });
    outgoing.on('error', () => undefined); // once its answer has begun, the answer's own error tells
    outgoing.end();
    return orUnreachable(param, signal, async () => {
      const [response] = await once(outgoing, 'response');
      return response as IncomingMessage; // what Node documents for this event
    });
  }
}

function readWebAddress(address: string, param: string, base?: URL): URL {
  const url = URL.parse(address, base?.href);
  if (!url || !(url.protocol in DEFAULT_PORTS)) {
    throw mediaError('Only http and https addresses can be fetched.', param);
  }
  if (url.username !== '' || url.password !== '') {
    throw mediaError('An address with a user name or password in it is not fetched.', param);
  }
  return url;
}

function toGuardedLookup(lookup: Lookup, isAllowed: (address: string) => boolean): LookupFunction {
  return (name, { all }, callback) => {
    const answer = (found: readonly LookupAddress[]) => {
      const allowed = found.filter(({ address }) => isAllowed(address));
      const [first] = allowed;
      if (!first) callback(new Error(`No address of ${name} may be connected to.`), '');
      else if (all) callback(null, allowed);
      else callback(null, first.address, first.family);
    };
    void lookup(name).then(answer, (error: Error) => callback(error, ''));
  };
}

function toRedirectTarget({ statusCode = 0, headers }: IncomingMessage): string | undefined {
  return [301, 302, 303, 307, 308].includes(statusCode) ? headers.location : undefined;
}

async function readBody(response: IncomingMessage, options: FetchOptions): Promise<Media> {
  const { param, budget, signal } = options;
  try {
    const mediaType = readMediaType(response, param);
    if (Number(response.headers['content-length'] ?? 0) > budget.left) {
      throw tooLarge(budget.maxBytes, param);
    }
    const chunks = await orUnreachable(param, signal, () => readChunks(response, options));
    return { mediaType, bytes: Buffer.concat(chunks) };
  } finally {
    response.destroy();
  }
}

/** Counts what really arrives: a length that a server announces is only a promise. */
async function readChunks(response: IncomingMessage, { param, budget }: FetchOptions) {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) {
    budget.left -= chunk.length;
    if (budget.left < 0) throw tooLarge(budget.maxBytes, param);
    chunks.push(chunk);
  }
  return chunks;
}

function readMediaType({ statusCode, headers }: IncomingMessage, param: string): string {
  if (statusCode !== 200) {
    throw mediaError(`The address answered with the status ${statusCode}.`, param);
  }
  if ((headers['content-encoding'] ?? 'identity') !== 'identity') {
    throw mediaError('The address answered with compressed data.', param);
  }
  const [declared = ''] = (headers['content-type'] ?? 'application/octet-stream').split(';');
  const mediaType = declared.trim().toLowerCase();
  if (!ACCEPTED_TYPE.test(mediaType)) {
    throw mediaError(
      'The address does not answer with a JPEG, PNG, GIF or WebP image, a PDF, or plain text.',
      param,
    );
  }
  return mediaType;
}

async function orUnreachable<Result>(
  param: string,
  signal: AbortSignal,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RunError || signal.aborted) throw error;
    throw mediaError(UNREACHABLE, param, error);
  }
}
