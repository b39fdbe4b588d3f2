import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Demo, startDemo } from '../../src/cli/demo.ts';
import { readConfig } from '../../src/config.ts';

const operator = {
  PATH: '/usr/bin:/bin',
  HOME: '/home/somebody',
  LANG: 'C.UTF-8',
  ANTHROPIC_API_KEY: 'the real key',
  ANTHROPIC_AUTH_TOKEN: 'the real token',
  ANTHROPIC_MODEL: 'opus',
  CLAUDE_CODE_OAUTH_TOKEN: 'the real token',
  CLAUDE_CODE_USE_BEDROCK: '1',
  AWS_SECRET_ACCESS_KEY: 'the real secret',
  GOOGLE_APPLICATION_CREDENTIALS: '/home/somebody/google.json',
  HTTPS_PROXY: 'http://proxy.example.com',
  XDG_CONFIG_HOME: '/home/somebody/.config',
  PROXY_API_KEY: 'the-key-of-the-proxy',
};

let demo: Demo;
beforeEach(async () => {
  demo = await startDemo(operator);
});
afterEach(() => demo.stop());

test('the CLI sees nothing of the account, and talks to the scripted server', () => {
  const { HOME, CLAUDE_CONFIG_DIR, ANTHROPIC_BASE_URL, ...rest } = demo.environment;
  expect(ANTHROPIC_BASE_URL).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(dirname(String(HOME))).toBe(dirname(String(CLAUDE_CONFIG_DIR)));
  expect(HOME).not.toBe(operator.HOME);
  expect(JSON.parse(JSON.stringify(rest))).toEqual({
    PATH: operator.PATH,
    LANG: operator.LANG,
    ANTHROPIC_API_KEY: 'a-demo-needs-no-key',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_TELEMETRY: '1',
    DISABLE_ERROR_REPORTING: '1',
    DISABLE_AUTOUPDATER: '1',
  });
});

test('its folders are its own, whatever the settings say', () => {
  const config = readConfig({
    STATE_DIR: '/srv/state',
    DEFAULT_WORKSPACE_DIR: '/srv/work',
    ALLOWED_ROOTS: '/',
    CHILD_ENV: 'ANTHROPIC_AUTH_TOKEN',
    WORKER_CONCURRENCY: '3',
  });
  const folder = dirname(String(demo.environment['HOME']));
  expect(demo.toConfig(config)).toEqual({
    ...config,
    stateDir: `${folder}/state`,
    defaultWorkspaceDir: `${folder}/state/workspace`,
    allowedRoots: [`${folder}/state/workspace`],
    childEnv: [],
  });
});

test('nothing of it stays', async () => {
  const { HOME, ANTHROPIC_BASE_URL } = demo.environment;
  expect(existsSync(String(HOME))).toBe(true);
  await demo.stop();
  expect(existsSync(dirname(String(HOME)))).toBe(false);
  await expect(fetch(String(ANTHROPIC_BASE_URL))).rejects.toThrow('fetch failed');
});
