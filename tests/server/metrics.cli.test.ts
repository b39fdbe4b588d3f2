import { afterEach, expect, test } from 'vitest';

import { errorReply, textReply } from '../../src/demo/replies.ts';
import { ask } from '../support/calls.ts';
import { ONE_EACH, type Proxy, startProxy } from '../support/start-proxy.ts';
import { createStub, type Stub } from '../support/stub-cli.ts';

let proxy: Proxy | undefined;
let stub: Stub | undefined;
afterEach(async () => {
  await proxy?.stop();
  await stub?.remove();
  proxy = stub = undefined;
});

test('a program on this machine reads what the real CLI tried again, and that no spare was there', async () => {
  let calls = 0;
  proxy = await startProxy({
    settings: ONE_EACH,
    answer: () =>
      (calls += 1) === 1 ? errorReply(529, 'overloaded_error', 'Overloaded') : textReply('Hi.'),
  });
  expect((await ask(proxy, 'chat completions', 'Hi')).status).toBe(200);
  expect((await ask(proxy, 'agent runs', 'Hi')).status).toBe(200);
  const lines = await readMetrics(proxy);
  expect(lines).toContain('claude_proxy_api_retries_total{status="529"} 1');
  expect(lines).toContain('claude_proxy_spares_total{profile="chat",outcome="hit"} 0');
  expect(lines).toContain('claude_proxy_spares_total{profile="chat",outcome="missed"} 1');
  expect(lines).toContain('claude_proxy_spares_total{profile="agent",outcome="missed"} 1');
  expect(lines).toContain('claude_proxy_restarts_total 0');
});

test('a process that died before it said anything is a restart', async () => {
  stub = await createStub((cli) => {
    if (cli.start === 1) cli.onUser = () => cli.exit(1);
  });
  proxy = await startProxy({ claudePath: stub.path, settings: ONE_EACH });
  expect((await ask(proxy, 'chat completions', 'Hi')).status).toBe(200);
  const lines = await readMetrics(proxy);
  expect(lines).toContain('claude_proxy_restarts_total 1');
  expect(lines).toContain('claude_proxy_spares_total{profile="chat",outcome="missed"} 2');
});

async function readMetrics({ url }: Proxy): Promise<string[]> {
  const response = await fetch(`${url}/metrics`); // with no key
  expect(response.status).toBe(200);
  return (await response.text()).split('\n');
}
