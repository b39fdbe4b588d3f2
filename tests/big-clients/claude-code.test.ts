import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { CLAUDE, KEY } from '../support/start-proxy.ts';
import { type Lab, openLab } from './clients.ts';

let lab: Lab;
beforeAll(async () => {
  lab = await openLab();
});
afterAll(() => lab.stop());

/** Runs Claude Code with its defaults; a script cannot be asked for leave. */
const runClaudeCode = (...args: string[]) =>
  lab.run(CLAUDE, ['-p', 'Do it.', '--model', 'sonnet', ...args], {
    ANTHROPIC_BASE_URL: lab.proxy.url,
    ANTHROPIC_API_KEY: KEY,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_AUTOUPDATER: '1',
  });

const said = () => JSON.stringify(lab.proxy.model.requests.at(-1)?.body.messages);

test('a command and an MCP server', async () => {
  const config = join(lab.work, 'mcp.json');
  const server = { command: process.execPath, args: [join(import.meta.dirname, 'mcp-server.mjs')] };
  await writeFile(config, JSON.stringify({ mcpServers: { lab: server } }));
  lab.play([
    { name: 'Bash', input: { command: 'echo one-$((1 + 1))', description: 'Say it' } },
    { name: 'mcp__lab__add', input: { a: 20, b: 22 } },
  ]);
  const printed = await runClaudeCode(
    `--mcp-config=${config}`,
    '--allowedTools=Bash,mcp__lab__add',
  );
  expect(printed).toContain('All done.');
  expect(said()).toContain('one-2');
  expect(said()).toContain('sum: 42');
});
