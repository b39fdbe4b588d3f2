import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, expect, test } from 'vitest';

import { hasSandbox } from './has-sandbox.ts';
import { type Product, startProduct } from './start-product.ts';

const NEEDS_SANDBOX =
  'It cannot run here: it needs bubblewrap, which may make namespaces, and socat.';

let started: Product | undefined;
afterEach(() => started?.stop());

test('commands in the sandbox write in their folder alone, and read neither keys nor logins', async (ctx) => {
  if (!hasSandbox()) ctx.skip(NEEDS_SANDBOX);
  const product = await start({});
  const { folder } = product;

  expect(await runCommand(product, 'touch inside && ls')).toContain('inside');
  expect(await runCommand(product, `touch ${folder}/outside`)).toMatch(/Read-only|not permitted/);
  expect(existsSync(join(folder, 'outside'))).toBe(false);
  const listed = await runCommand(product, `ls -A ${folder}/state; ls ${folder}`);
  expect(listed).toContain('workspace');
  expect(listed).not.toContain('.db');
});

test('their folder may lie in the state folder, as it does by default', async (ctx) => {
  if (!hasSandbox()) ctx.skip(NEEDS_SANDBOX);
  const product = await start({ DEFAULT_WORKSPACE_DIR: undefined });

  expect(await runCommand(product, 'echo green > inside && cat inside')).toContain('green');
});

async function start(settings: Record<string, string | undefined>) {
  started = await startProduct({ settings: { AGENT_SANDBOX: 'true', ...settings } });
  return started;
}

/** What an agent's command said. */
async function runCommand(product: Product, command: string): Promise<string> {
  const body = { model: 'sonnet', prompt: `demo:bash=${command}`, allowedTools: ['Bash'] };
  const response = await product.send('/api/run', body);
  expect(response.status).toBe(200);
  const messages = product.model.requests.at(-1)?.body.messages ?? [];
  return JSON.stringify(messages.findLast((one) => JSON.stringify(one).includes('tool_result')));
}
