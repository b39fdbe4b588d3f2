import type { IncomingMessage } from 'node:http';

import type { Lookup } from './guard-lookup.ts';
import type { MayConnect } from './may-connect.ts';
import { mediaError, unreachable } from './media-error.ts';
import { type AnswerOptions, readAnswer } from './read-answer.ts';
import type { Media } from './read-media.ts';
import { requestGuarded } from './request-guarded.ts';
import { readWebAddress } from './web-address.ts';

/** Fetches one image or document. Throws `invalid-request`, or the signal's error when it aborts. */
export type FetchMedia = (address: string, options: AnswerOptions) => Promise<Media>;

const MAX_REDIRECTS = 3;

const HEADERS = {
  accept: 'image/jpeg, image/png, image/gif, image/webp, application/pdf, text/plain',
  'accept-encoding': 'identity',
  'user-agent': 'claude-code-proxy',
};

/** Makes the fetcher. `lookup` is the system's unless another one is given. */
export function createFetchMedia(mayConnect: MayConnect, lookup?: Lookup): FetchMedia {
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
    try {
      return await requestGuarded(url, { mayConnect, lookup, headers: HEADERS, signal });
    } catch (error) {
      throw signal.aborted ? error : unreachable(param, error);
    }
  }
}

function toRedirectTarget({ statusCode = 0, headers }: IncomingMessage): string | undefined {
  return [301, 302, 303, 307, 308].includes(statusCode) ? headers.location : undefined;
}
