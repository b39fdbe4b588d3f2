import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { KEY } from '../support/start-proxy.ts';
import { installClient, type Lab, openLab } from './clients.ts';

const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const MCP_SERVER = join(import.meta.dirname, 'mcp-server.mjs');

let program: string;
let lab: Lab;
beforeAll(async () => {
  program = await installClient('@openai/codex', 'codex');
  lab = await openLab({ MODEL_ALIASES: 'gpt-5.5=sonnet,gpt-6.1-sol=sonnet' });
});
afterAll(() => lab.stop());

/** Runs Codex with its defaults, but for the sandbox: containers have none. */
async function runCodex(
  { model = 'sonnet', name = 'proxy', top = '', provider = '' },
  ...args: string[]
) {
  const config = `
model = "${model}"
model_provider = "proxy"
${top}
[model_providers.proxy]
name = "${name}"
base_url = "${lab.proxy.url}/v1"
env_key = "PROXY_API_KEY"
wire_api = "responses"
${provider}
[mcp_servers.lab]
command = ${JSON.stringify(process.execPath)}
args = [${JSON.stringify(MCP_SERVER)}]
`;
  await writeFile(join(lab.home, 'config.toml'), config);
  const all = ['exec', '--skip-git-repo-check', '-s', 'danger-full-access', ...args, 'Do it.'];
  return lab.run(program, all, { CODEX_HOME: lab.home, PROXY_API_KEY: KEY });
}

const said = () => JSON.stringify(lab.proxy.model.requests.at(-1)?.body.messages);

test('a picture, a search for tools, an MCP server, a patch and a command', async () => {
  const picture = join(lab.work, 'dot.png');
  await writeFile(picture, Buffer.from(PNG, 'base64'));
  const patch = '*** Begin Patch\n*** Add File: new.txt\n+hello "you"\n*** End Patch';
  lab.play([
    { name: 'tool_search', input: { query: 'add two numbers' } },
    { name: 'mcp__lab__add', input: { a: 20, b: 22 } },
    { name: 'apply_patch', input: { input: patch } },
    { name: 'exec_command', input: { cmd: 'cat new.txt' } },
  ]);
  expect(await runCodex({ model: 'gpt-5.5' }, '-i', picture, '--')).toContain('All done.');
  expect(await readFile(join(lab.work, 'new.txt'), 'utf8')).toBe('hello "you"\n');
  expect(said()).toContain('"type":"image"');
  expect(said()).toContain('mcp__lab (add)');
  expect(said()).toContain('sum: 42');
  expect(said()).toContain('Process exited with code 0');
});

test('tools that come in the input, and a script for its code mode', async () => {
  const script = 'text(await tools.exec_command({ cmd: "echo one-$((1 + 1))" }))';
  lab.play([{ name: 'functions__exec', input: { input: script } }]);
  expect(await runCodex({ model: 'gpt-6.1-sol' })).toContain('All done.');
  expect(said()).toContain('one-2');
});

test('a model without metadata, over a WebSocket', async () => {
  lab.play([
    { name: 'mcp__lab__add', input: { a: 1, b: 2 } },
    { name: 'exec_command', input: { cmd: 'echo two-$((1 + 2))' } },
  ]);
  expect(await runCodex({ provider: 'supports_websockets = true' })).toContain('All done.');
  expect(said()).toContain('sum: 3');
  expect(said()).toContain('two-3');
});

test.for([
  ['by its own prompt', 'proxy'],
  ['by the server', 'OpenAI'],
] as const)('a conversation that grew too long is compacted %s', async ([, name]) => {
  lab.play([{ name: 'exec_command', input: { cmd: 'echo three-$((1 + 2))' } }]);
  const printed = await runCodex({ name, top: 'model_auto_compact_token_limit = 10' });
  expect(printed).toContain('context compacted');
  expect(printed).toContain('All done.');
  expect(lab.proxy.model.requests.length).toBeGreaterThanOrEqual(3);
  expect(said()).not.toContain('three-3');
});
