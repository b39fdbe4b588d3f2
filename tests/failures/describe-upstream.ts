import { describe, expect, test } from 'vitest';

import { ask, type CallName } from '../support/calls.ts';
import type { Proxy } from '../support/start-proxy.ts';
import { readFailure } from './read-failure.ts';
import { UPSTREAM_CASES, type UpstreamCase, type UpstreamCaseName } from './upstream-cases.ts';

const SHAPE_OF = {
  'chat completions': 'openai',
  messages: 'anthropic',
  'agent runs': 'direct',
} as const satisfies Record<CallName, keyof UpstreamCase>;

/** What the CLI tells a person at its terminal, and where the API is. */
const NOT_FOR_CALLERS =
  /API Error|Run --model|\/login|127\.0\.0\.1|inference gateway|Request rejected/;

/** Failures that come before the first byte of a stream. */
export const BEFORE_A_STREAM = [
  'a request that the API refuses',
  'a rate limit of seconds',
] as const satisfies readonly UpstreamCaseName[];

/** What each of these failures of the API is to a caller of this dialect, of a whole answer and of a stream. */
export function describeUpstream(
  getProxy: () => Proxy,
  call: CallName,
  names: readonly UpstreamCaseName[],
  streamed: readonly UpstreamCaseName[],
) {
  describe.concurrent.each([call])('%s', () => {
    test.each(names)('%s is an error with its own status', async (name) => {
      const outcome = await readOutcome(await ask(getProxy(), call, `<${name}>`));
      expect(outcome).toMatchObject(toWanted(call, name));
      expect(outcome.message).not.toMatch(NOT_FOR_CALLERS);
    });

    test.each(streamed)('%s before the first byte of a stream is a status, too', async (name) => {
      const response = await ask(getProxy(), call, `<${name}>`, { stream: true });
      expect(await readOutcome(response)).toMatchObject(toWanted(call, name));
    });
  });
}

async function readOutcome(response: Response) {
  return {
    ...(await readFailure(response)),
    retryAfter: response.headers.get('retry-after') ?? '',
    shouldRetry: response.headers.get('x-should-retry'),
  };
}

function toWanted(call: CallName, name: UpstreamCaseName) {
  const { sentence, headers, ...shapes }: UpstreamCase = UPSTREAM_CASES[name];
  return {
    ...shapes[SHAPE_OF[call]],
    message: expect.stringMatching(sentence),
    retryAfter: expect.stringMatching(headers['retry-after'] ?? /^$/),
    shouldRetry: headers['x-should-retry'],
  };
}
