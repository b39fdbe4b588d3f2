import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { ask } from '../support/calls.ts';
import { CLAUDE, type Proxy, startProxy } from '../support/start-proxy.ts';
import { readFailure } from './read-failure.ts';

/** A chat and an agent: the words of each dialect are tested without a CLI. */
const CALLS = ['messages', 'agent runs'] as const;

describe('a CLI without a login', () => {
  let proxy: Proxy;
  beforeAll(async () => {
    proxy = await startProxy({ environment: { ANTHROPIC_API_KEY: undefined } });
  });
  afterAll(() => proxy.stop());

  test.concurrent.each(CALLS)('%s: is a 401 that a client need not try again', async (call) => {
    const response = await ask(proxy, call, 'Hi');
    expect(response.headers.get('x-should-retry')).toBe('false');
    expect(await readFailure(response)).toMatchObject({
      status: 401,
      message: `The claude CLI behind this server is not logged in; only its operator can help. On the server, run \`${CLAUDE} auth login\`, or set ANTHROPIC_API_KEY.`,
    });
  });

  test('shows in /health', async () => {
    const health = await fetch(`${proxy.url}/health`);
    expect(await health.json()).toMatchObject({ status: 'degraded', cli: { loggedIn: false } });
  });
});

describe('an API that cannot be reached', () => {
  let proxy: Proxy;
  beforeAll(async () => {
    proxy = await startProxy({
      environment: { ANTHROPIC_BASE_URL: 'http://127.0.0.1:1' }, // nobody listens there
      settings: { CLAUDE_MAX_RETRIES: '0' },
    });
  });
  afterAll(() => proxy.stop());

  test.concurrent.each(CALLS)('%s: is a 500 that says so', async (call) => {
    const response = await ask(proxy, call, 'Hi');
    expect(response.headers.get('retry-after')).toBe('2');
    expect(await readFailure(response)).toMatchObject({
      status: 500,
      message: 'The API cannot be reached from this server (ECONNREFUSED).',
    });
  });
});
