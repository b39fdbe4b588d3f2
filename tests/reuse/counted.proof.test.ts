import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';

import { addKey } from '../../src/keys/edit-keys.ts';
import { toKeysFile } from '../../src/keys/keys-file.ts';
import { KEY, ONE_EACH, type Proxy, startProxy } from '../support/start-proxy.ts';
import { readProcesses } from '../support/watch-place.ts';
import { lastRequest } from '../tools/upstream.ts';

/** One with a single process, which is another one for each key; and one that starts one for each request. */
let used: Proxy;
let fresh: Proxy;
beforeAll(async () => {
  const one = { WORKER_CONCURRENCY: '1', MAX_PROCESSES: '1' };
  [used, fresh] = await Promise.all([
    startProxy({ settings: one }),
    startProxy({ settings: ONE_EACH }),
  ]);
});
afterAll(() => Promise.all([used.stop(), fresh.stop()]));

/** Without one the CLI makes up an id for each process. */
const SOMEBODY = { metadata: { user_id: 'somebody' } };

const TOOL = { name: 'look', input_schema: { type: 'object', properties: {} } };

async function count(proxy: Proxy, fields: object, key = KEY) {
  const body = {
    ...SOMEBODY,
    model: 'sonnet',
    messages: [{ role: 'user', content: 'Hi.' }],
    ...fields,
  };
  const response = await proxy.send('/v1/messages/count_tokens', body, withKey(key));
  expect(response.status).toBe(200);
  return ((await response.json()) as { input_tokens: number }).input_tokens;
}

test('as many counts at once as Claude Code asks for are made by as many processes as there are places', async () => {
  const proxy = await startProxy({ settings: { WORKER_CONCURRENCY: '2' } });
  onTestFinished(() => proxy.stop());
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
  const file = toKeysFile(join(used.folder, 'state'));
  const { key } = await addKey(file, randomUUID(), { scopes: ['chat'] });
  await count(used, counted, key);
  const [pid] = await readProcesses(used);
  const body = {
    ...SOMEBODY,
    model: 'sonnet',
    max_tokens: 50,
    system: 'Be brief.',
    ...counted,
    messages: [{ role: 'user', content: 'Say hello.' }],
  };
  expect((await used.send('/v1/messages', body, withKey(key))).status).toBe(200);
  expect((await fresh.send('/v1/messages', body)).status).toBe(200);
  expect(await readProcesses(used)).toEqual([pid]);
  expect(toBytes(used)).toBe(toBytes(fresh));
});

function withKey(key: string) {
  return { headers: { authorization: `Bearer ${key}` } };
}

/** What the last request says, without the name of the process's folder. */
function toBytes(proxy: Proxy) {
  return JSON.stringify(lastRequest(proxy).body).replaceAll(/\/tmp\/w-\w+/g, '');
}
