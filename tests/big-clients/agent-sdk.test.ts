import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';

import { CLAUDE, KEY } from '../support/start-proxy.ts';
import { installPackage, type Lab, openLab } from './clients.ts';

/** What of the package the test uses; it is no dependency, so its own types are not here. */
type AgentSdk = {
  query: (request: {
    prompt: string;
    options: Record<string, unknown>;
  }) => AsyncIterable<{ type: string; subtype?: string; result?: string }>;
  tool: (
    name: string,
    description: string,
    schema: z.ZodRawShape,
    run: (input: { a: number; b: number }) => Promise<object>,
  ) => unknown;
  createSdkMcpServer: (options: { name: string; tools: unknown[] }) => unknown;
};

let lab: Lab;
let sdk: AgentSdk;
beforeAll(async () => {
  const file = await installPackage('@anthropic-ai/claude-agent-sdk', 'sdk.mjs');
  sdk = (await import(file)) as AgentSdk;
  lab = await openLab();
});
afterAll(() => lab.stop());

test('a command, and a tool in the program itself', async () => {
  const add = sdk.tool('add', 'Adds.', { a: z.number(), b: z.number() }, async ({ a, b }) => ({
    content: [{ type: 'text', text: `sum: ${a + b}` }],
  }));
  lab.play([
    { name: 'Bash', input: { command: 'echo one-$((1 + 1))', description: 'Say it' } },
    { name: 'mcp__lab__add', input: { a: 20, b: 22 } },
  ]);
  const messages = sdk.query({
    prompt: 'Do it.',
    options: {
      pathToClaudeCodeExecutable: CLAUDE,
      cwd: lab.work,
      model: 'sonnet',
      settingSources: [],
      allowedTools: ['Bash', 'mcp__lab__add'],
      mcpServers: { lab: sdk.createSdkMcpServer({ name: 'lab', tools: [add] }) },
      env: {
        PATH: process.env['PATH'],
        HOME: lab.home,
        ANTHROPIC_BASE_URL: lab.proxy.url,
        ANTHROPIC_API_KEY: KEY,
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
        DISABLE_AUTOUPDATER: '1',
      },
    },
  });
  const all = await Array.fromAsync(messages);

  expect(all.at(-1)).toMatchObject({ type: 'result', subtype: 'success', result: 'All done.' });
  const said = JSON.stringify(lab.proxy.model.requests.at(-1)?.body.messages);
  expect(said).toContain('one-2');
  expect(said).toContain('sum: 42');
});
