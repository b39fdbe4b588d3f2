import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { ask, type CallName, CALL_NAMES, CALLS } from '../support/calls.ts';
import { type Proxy, startProxy } from '../support/start-proxy.ts';
import { readFailure } from './read-failure.ts';
import {
  answerAsTold,
  UPSTREAM_CASES,
  type UpstreamCase,
  type UpstreamCaseName,
} from './upstream-cases.ts';

const NAMES = Object.keys(UPSTREAM_CASES) as UpstreamCaseName[]; // its own keys

const SHAPE_OF = {
  'chat completions': 'openai',
  messages: 'anthropic',
  'agent runs': 'direct',
} as const satisfies Record<CallName, keyof UpstreamCase>;

/** What the CLI tells a person at its terminal, and where the API is. */
const NOT_FOR_CALLERS =
  /API Error|Run --model|\/login|127\.0\.0\.1|inference gateway|Request rejected/;

let proxy: Proxy;
beforeAll(async () => {
  proxy = await startProxy({ answer: answerAsTold, settings: { CLAUDE_MAX_RETRIES: '1' } });
});
afterAll(() => proxy.stop());

describe.concurrent.each(CALL_NAMES)('%s', (call) => {
  test.each(NAMES)('%s is an error with its own status', async (name) => {
    const outcome = await readOutcome(await ask(proxy, call, `<${name}>`));
    expect(outcome).toMatchObject(toWanted(call, name));
    expect(outcome.message).not.toMatch(NOT_FOR_CALLERS);
  });

  test.each(['a request that the API refuses', 'a rate limit of seconds'] as const)(
    '%s before the first byte of a stream is a status, too',
    async (name) => {
      const response = await ask(proxy, call, `<${name}>`, { stream: true });
      expect(await readOutcome(response)).toMatchObject(toWanted(call, name));
    },
  );
});

test.each(['a rate limit of seconds', 'a rate limit of hours', 'an overload'] as const)(
  '%s is told at once: the CLI does not try again meanwhile',
  async (name) => {
    const before = proxy.model.requests.length;
    await ask(proxy, 'messages', `<${name}>`);
    expect(proxy.model.requests.length - before).toBe(1);
  },
);

describe.each(CALL_NAMES)('%s', (call) => {
  test('a model that nobody knows is a 404 that names it', async () => {
    proxy.model.answer = () => UPSTREAM_CASES['a model that the account lacks'].reply();
    const { path, toBody } = CALLS[call];
    const response = await proxy.send(path, { ...toBody('Hi'), model: 'claude-nope' });
    proxy.model.answer = answerAsTold;

    expect(await readFailure(response)).toMatchObject({
      status: 404,
      message: expect.stringMatching(/claude-nope/),
    });
  });
});

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
