import { afterEach, expect, test, vi } from 'vitest';

import type { UpstreamRequest } from '../../../src/demo/model-server.ts';
import { ONE_EACH, type Proxy, startProxy } from '../../support/start-proxy.ts';

const started: Proxy[] = [];
afterEach(() => Promise.all(started.splice(0).map((proxy) => proxy.stop())));

const BODY = {
  model: 'sonnet',
  max_tokens: 100,
  metadata: { user_id: 'somebody' },
  system: 'Be brief.',
  messages: [{ role: 'user', content: 'Say hello.' }],
};

test('a process is warmed up without a word to the API, and asks then as a new one does', async () => {
  const warm = await start({ WARM_PROCESSES: '1' });
  await vi.waitFor(async () => expect(await countReady(warm)).toBe(1), 10_000);
  expect(warm.model.requests).toEqual([]);

  const cold = await start(ONE_EACH);
  expect(await askOnce(warm)).toEqual(await askOnce(cold));
});

async function start(settings: Record<string, string>) {
  const environment = { ANTHROPIC_CUSTOM_HEADERS: 'x-team: a' };
  const proxy = await startProxy({ settings, environment });
  started.push(proxy);
  return proxy;
}

/** How many processes wait that are bound to nobody. */
async function countReady(proxy: Proxy) {
  const { processes } = (await (await proxy.send('/api/admin/status')).json()) as {
    processes: { ready: number };
  };
  return processes.ready;
}

/** What reached the API for one request, without what is another's by chance. */
async function askOnce(proxy: Proxy) {
  expect((await proxy.send('/v1/messages', BODY)).status).toBe(200);
  expect(proxy.model.requests).toHaveLength(1);
  const [{ headers, body }] = proxy.model.requests as [UpstreamRequest];
  expect(headers['x-team']).toBe('a');
  const { host: _host, 'x-claude-code-session-id': _session, ...others } = headers;
  return { headers: others, body: JSON.stringify(body).replaceAll(/\/tmp\/w-\w+/g, '') };
}
