import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
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

test('commands see no credential of the server, whatever its kind; what CHILD_ENV names stays', async (ctx) => {
  if (!hasSandbox()) ctx.skip(NEEDS_SANDBOX);
  const product = await start({
    ANTHROPIC_AUTH_TOKEN: 'secret-bearer',
    ANTHROPIC_API_KEY: 'secret-key',
    CLAUDE_CODE_OAUTH_TOKEN: 'secret-oauth',
    AWS_SECRET_ACCESS_KEY: 'secret-aws',
    AWS_BEARER_TOKEN_BEDROCK: 'secret-bedrock',
    GOOGLE_APPLICATION_CREDENTIALS: '/nowhere/secret-google.json',
    CHILD_ENV: 'TICKETS_URL',
    TICKETS_URL: 'meant-for-agents',
  });

  const said = await runCommand(product, 'env; cat /proc/[0-9]*/environ');
  expect(said).toContain('TICKETS_URL=meant-for-agents');
  expect(said).not.toMatch(/secret-(?!google)/);
});

test('commands read no file of a login, and nothing of the state from the folder around it', async (ctx) => {
  if (!hasSandbox()) ctx.skip(NEEDS_SANDBOX);
  const product = await start({}, async (folder) => {
    for (const name of LOGIN_FILES) {
      await mkdir(join(folder, name, '..'), { recursive: true });
      await writeFile(join(folder, name), JSON.stringify({ primaryApiKey: 'secret-of-a-file' }));
    }
  });
  const { folder } = product;

  const files = LOGIN_FILES.map((name) => join(folder, name)).join(' ');
  expect(await runCommand(product, `cat ${files}; echo the end`)).toMatch(
    /^(?!.*secret-of-a-file).*the end/s,
  );
  const wide = { workingDirectory: folder };
  const state = await runCommand(product, 'ls state; echo x > state/keys.json; echo done', wide);
  expect(state).not.toMatch(/sessions\.db|processes/);
  expect(existsSync(join(folder, 'state/keys.json'))).toBe(false);
});

const LOGIN_FILES = [
  'home/.claude.json',
  'home/.claude/.claude.json',
  'home/.claude/.credentials.json',
  'home/.claude/settings.json',
  'home/.aws/credentials',
  'home/.config/gcloud/application_default_credentials.json',
];

async function start(
  settings: Record<string, string | undefined>,
  prepare?: (folder: string) => Promise<void>,
) {
  started = await startProduct({
    settings: { AGENT_SANDBOX: 'true', ALLOWED_ROOTS: tmpdir(), ...settings },
    ...(prepare && { prepare }),
  });
  return started;
}

/** What an agent's command said. */
async function runCommand(product: Product, command: string, more = {}): Promise<string> {
  const body = { model: 'sonnet', prompt: `demo:bash=${command}`, allowedTools: ['Bash'], ...more };
  const response = await product.send('/api/run', body);
  expect(response.status).toBe(200);
  const messages = product.model.requests.at(-1)?.body.messages ?? [];
  return JSON.stringify(messages.findLast((one) => JSON.stringify(one).includes('tool_result')));
}
