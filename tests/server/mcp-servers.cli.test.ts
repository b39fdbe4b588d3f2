import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { textReply, toolReply } from '../../src/demo/replies.ts';
import { addKey } from '../../src/keys/edit-keys.ts';
import { toKeysFile } from '../../src/keys/keys-file.ts';
import { startMcpServer } from '../support/start-mcp-server.ts';
import { type Proxy, startProxy } from '../support/start-proxy.ts';

let proxy: Proxy;
let server: Awaited<ReturnType<typeof startMcpServer>>;
beforeAll(async () => {
  server = await startMcpServer();
  proxy = await startProxy({
    settings: { MCP_ALLOWED_HOSTS: `${server.host},127.0.0.1:1` },
    answer(body) {
      const last = JSON.stringify(body.messages.findLast(({ role }) => role === 'user'));
      if (last.includes('tool_result')) return textReply(/FOUND.{0,30}/.exec(last)?.[0] ?? last);
      return toolReply([{ name: 'mcp__tickets__look', input: { q: 'door' } }]);
    },
  });
});
afterAll(async () => {
  server.close();
  await proxy.stop();
});

const run = async (tickets: object, more: object = {}, key?: string) => {
  const response = await proxy.send(
    '/api/run',
    {
      model: 'sonnet',
      prompt: 'Look.',
      allowedTools: ['mcp__tickets'],
      mcpServers: [{ name: 'tickets', url: server.url, ...tickets }],
      ...more,
    },
    key === undefined ? {} : { headers: { authorization: `Bearer ${key}` } },
  );
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

test('its tools are there at once, and its headers arrive', async () => {
  const headers = { authorization: 'Bearer of-the-caller' };
  const { body } = await run({ headers });
  expect(body['result']).toContain('FOUND');
  expect(body['result']).toContain('door');
  expect(proxy.model.requests[0]?.body.tools?.map(({ name }) => name)).toContain(
    'mcp__tickets__look',
  );
  expect(server.seen.at(-1)).toMatchObject({ method: 'tools/call', headers });
});

test('what is not allowed is denied, as everywhere', async () => {
  const { body } = await run({}, { allowedTools: [] });
  expect(body['permissionDenials']).toMatchObject([{ toolName: 'mcp__tickets__look' }]);
});

test('one that is down fails the run before the agent begins', async () => {
  const before = proxy.model.requests.length;
  expect(await run({ url: 'http://127.0.0.1:1/mcp' })).toMatchObject({
    status: 500,
    body: { error: { code: 'upstream-failed', param: 'mcpServers.0.url' } },
  });
  expect(proxy.model.requests).toHaveLength(before);
});

test('another host is a 403, and so is one that the key does not name', async () => {
  const url = 'http://127.0.0.1:2/mcp';
  expect(await run({ url })).toMatchObject({
    status: 403,
    body: { error: { param: 'mcpServers.0.url' } },
  });
  const file = toKeysFile(join(proxy.folder, 'state'));
  const { key } = await addKey(file, 'without', { scopes: ['agent'] });
  expect(await run({}, {}, key)).toMatchObject({ status: 403 });
  const named = { scopes: ['agent' as const], mcpHosts: [server.host] };
  const { key: other } = await addKey(file, 'with', named);
  expect(await run({}, {}, other)).toMatchObject({ status: 200 });
});

test('it never takes the place of an operator’s', async () => {
  const file = join(proxy.folder, 'mcp.json');
  await writeFile(
    file,
    JSON.stringify({ mcpServers: { tickets: { type: 'http', url: server.url } } }),
  );
  proxy = await proxy.restart({ settings: { AGENT_MCP_CONFIG: file } });
  expect(await run({})).toMatchObject({
    status: 400,
    body: { error: { param: 'mcpServers.0.name' } },
  });
});
