import { afterEach, expect, test } from 'vitest';

import { type Proxy, startProxy } from '../support/start-proxy.ts';
import { readProcesses } from '../support/watch-place.ts';
import { lastRequest } from '../tools/upstream.ts';

const proxies: Proxy[] = [];
afterEach(() => Promise.all(proxies.splice(0).map((proxy) => proxy.stop())));

/** Without one the CLI makes up an id for each process. */
const SOMEBODY = { metadata: { user_id: 'somebody' } };

const TOOL = { name: 'look', input_schema: { type: 'object', properties: {} } };

async function start(settings: Record<string, string> = {}) {
  const proxy = await startProxy({ settings });
  proxies.push(proxy);
  return proxy;
}

async function count(proxy: Proxy, fields: object) {
  const body = {
    ...SOMEBODY,
    model: 'sonnet',
    messages: [{ role: 'user', content: 'Hi.' }],
    ...fields,
  };
  const response = await proxy.send('/v1/messages/count_tokens', body);
  expect(response.status).toBe(200);
  return ((await response.json()) as { input_tokens: number }).input_tokens;
}

test('as many counts at once as Claude Code asks for are made by as many processes as there are places', async () => {
  const proxy = await start({ WORKER_CONCURRENCY: '2' });
  const counts = await Promise.all(
    Array.from({ length: 14 }, (_, index) => count(proxy, { system: `Be brief. ${index}` })),
  );
  expect(counts.every((tokens) => tokens > 0)).toBe(true);
  expect((await readProcesses(proxy)).length).toBeLessThanOrEqual(2);
  expect(proxy.model.requests).toEqual([]);
});

test.each([
  ['nothing', {}],
  ['instructions', { system: 'Be kind.' }],
  ['tools', { tools: [TOOL] }],
  [
    'a conversation',
    {
      messages: [
        { role: 'user', content: 'a' },
        { role: 'assistant', content: 'b' },
        { role: 'user', content: 'c' },
      ],
    },
  ],
])('after a count with %s the model is asked as by a new process', async (_, counted) => {
  const [used, fresh] = [await start(), await start()];
  await count(used, counted);
  const [pid] = await readProcesses(used);
  const body = {
    ...SOMEBODY,
    model: 'sonnet',
    max_tokens: 50,
    system: 'Be brief.',
    ...counted,
    messages: [{ role: 'user', content: 'Say hello.' }],
  };
  for (const proxy of [used, fresh])
    expect((await proxy.send('/v1/messages', body)).status).toBe(200);
  expect(await readProcesses(used)).toEqual([pid]);
  expect(toBytes(used)).toBe(toBytes(fresh));
});

/** What the last request says, without the name of the process's folder. */
function toBytes(proxy: Proxy) {
  return JSON.stringify(lastRequest(proxy).body).replaceAll(/\/tmp\/w-\w+/g, '');
}
