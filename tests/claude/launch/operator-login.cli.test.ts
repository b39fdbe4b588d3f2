import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { readOperatorLogin } from '../../../src/claude/launch/operator-login.ts';
import { startProxy } from '../../support/start-proxy.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'login-test-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('only what concerns the login is taken from the settings', async () => {
  await writeFile(
    join(folder, 'settings.json'),
    JSON.stringify({
      apiKeyHelper: 'print-key',
      hooks: { Stop: [] },
      permissions: { allow: ['Bash'] },
      env: { ANTHROPIC_AUTH_TOKEN: 'token', OTHER: 'x' },
    }),
  );

  expect(await readOperatorLogin(folder)).toEqual({
    args: ['--settings={"apiKeyHelper":"print-key"}'],
    environment: { ANTHROPIC_AUTH_TOKEN: 'token' },
  });
});

test.each([
  ['no settings', undefined],
  ['broken settings', '{"apiKeyHelper":'],
  ['{}', '{}'],
])('%s mean nothing is added', async (_, text) => {
  if (text !== undefined) await writeFile(join(folder, 'settings.json'), text);

  expect(await readOperatorLogin(folder)).toEqual({ args: [], environment: {} });
});

test('a login by the operator’s apiKeyHelper reaches the API', async () => {
  await mkdir(join(folder, '.claude'));
  await writeFile(
    join(folder, '.claude', 'settings.json'),
    JSON.stringify({ apiKeyHelper: 'echo key-of-the-helper' }),
  );
  const proxy = await startProxy({
    environment: { ANTHROPIC_API_KEY: undefined, CLAUDE_CONFIG_DIR: join(folder, '.claude') },
  });
  try {
    const response = await proxy.send('/v1/messages', {
      model: 'sonnet',
      max_tokens: 10,
      messages: [{ role: 'user', content: 'Hello' }],
    });

    expect(response.status).toBe(200);
    expect(proxy.model.requests[0]?.headers['x-api-key']).toBe('key-of-the-helper');
  } finally {
    await proxy.stop();
  }
});
