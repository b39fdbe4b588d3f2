import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { MessagesBody } from '../../src/demo/messages-body.ts';
import { type Reply, textReply, toolReply } from '../../src/demo/replies.ts';
import { type Proxy, startProxy } from '../support/start-proxy.ts';

/** The smallest MCP server: one tool, which says a number. */
const MCP_SERVER = /* js */ `
import { createInterface } from 'node:readline';
const ANSWERS = {
  initialize: { protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo: { name: 'n', version: '1' } },
  'tools/list': { tools: [{ name: 'number', description: 'Says a number.', inputSchema: { type: 'object' } }] },
  'tools/call': { content: [{ type: 'text', text: 'It is 4711.' }] },
};
createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method } = JSON.parse(line);
  if (id !== undefined) console.log(JSON.stringify({ jsonrpc: '2.0', id, result: ANSWERS[method] ?? {} }));
});
`;

let proxy: Proxy;
beforeEach(async () => {
  proxy = await startProxy({ answer });
  const workspace = join(proxy.folder, 'workspace');
  await mkdir(join(workspace, '.claude'), { recursive: true });
  await writeFile(join(workspace, 'CLAUDE.md'), 'The word of this project is Rumpelstilzchen.');
  await writeFile(join(proxy.folder, 'server.mjs'), MCP_SERVER);
  const server = { command: process.execPath, args: [join(proxy.folder, 'server.mjs')] };
  const config = JSON.stringify({ mcpServers: { numbers: server } });
  await writeFile(join(proxy.folder, 'mcp.json'), config);
  await writeFile(join(workspace, '.mcp.json'), config);
});
afterEach(() => proxy.stop());

test('agents obey no files of the machine, and have none of its MCP servers', async () => {
  expect(await runAgent('number')).toBe(200);
  expect(said()).not.toContain('Rumpelstilzchen');
  expect(said()).not.toContain('4711');
});

test('with the operator’s leave they obey those of the project', async () => {
  proxy = await proxy.restart({ settings: { AGENT_SETTINGS: 'project' } });
  expect(await runAgent('number')).toBe(200);
  expect(said()).toContain('Rumpelstilzchen');
  expect(said()).not.toContain('4711');
});

test('with the operator’s leave they have the MCP servers of one file', async () => {
  const AGENT_MCP_CONFIG = join(proxy.folder, 'mcp.json');
  proxy = await proxy.restart({ settings: { AGENT_MCP_CONFIG } });
  expect(await runAgent('number')).toBe(200);
  expect(said()).toContain('It is 4711.');
  expect(said()).not.toContain('Rumpelstilzchen');
});

describe('where the platform has no sandbox', () => {
  const environment = { PATH: '/nowhere' }; // neither bubblewrap nor socat

  test('agents that must run in one do not run, and their callers are told', async () => {
    proxy = await proxy.restart({ settings: { AGENT_SANDBOX: 'true' }, environment });
    const response = await proxy.send('/api/run', { prompt: 'Hi' });
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({
      error: { message: expect.stringContaining('no sandbox') },
    });
    expect(proxy.model.requests).toEqual([]);
  });

  test('the others run', async () => {
    proxy = await proxy.restart({ environment });
    expect(await runAgent('Hi')).toBe(200);
  });
});

/** Calls the tool of the MCP server when it is asked for a number. */
function answer(body: MessagesBody): Reply {
  const messages = JSON.stringify(body.messages);
  const isAsked = messages.includes('number') && !messages.includes('tool_result');
  return isAsked ? toolReply([{ name: 'mcp__numbers__number', input: {} }]) : textReply('Well.');
}

async function runAgent(prompt: string) {
  const allowedTools = ['mcp__numbers__number'];
  return (await proxy.send('/api/run', { model: 'sonnet', prompt, allowedTools })).status;
}

function said() {
  return JSON.stringify(proxy.model.requests.map(({ body }) => body));
}
