import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { ask, CALL_NAMES, CALLS } from '../support/calls.ts';
import { type Proxy, startProxy } from '../support/start-proxy.ts';
import { BEFORE_A_STREAM, describeUpstream } from './describe-upstream.ts';
import { readFailure } from './read-failure.ts';
import { answerAsTold, UPSTREAM_CASE_NAMES, UPSTREAM_CASES } from './upstream-cases.ts';

let proxy: Proxy;
beforeAll(async () => {
  proxy = await startProxy({ answer: answerAsTold, settings: { CLAUDE_MAX_RETRIES: '1' } });
});
afterAll(() => proxy.stop());

// The CLI says a failure in the same words whoever asked; upstream.proof.test.ts has all in each dialect.
describeUpstream(() => proxy, 'messages', UPSTREAM_CASE_NAMES, BEFORE_A_STREAM);
describeUpstream(() => proxy, 'chat completions', ['a login that the API refuses'], []);
describeUpstream(() => proxy, 'agent runs', ['an overload'], []);

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
