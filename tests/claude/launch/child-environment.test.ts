import { describe, expect, test } from 'vitest';

import { HOP_HEADER, toChildEnvironment } from '../../../src/claude/launch/child-environment.ts';

const OPTIONS = { alsoPassed: [], maxRetries: 2 };
const read = (environment: Record<string, string | undefined>, alsoPassed: string[] = []) =>
  toChildEnvironment(environment, { ...OPTIONS, alsoPassed });

test.each([
  'PATH',
  'HOME',
  'LC_ALL',
  'XDG_CONFIG_HOME',
  'ANTHROPIC_API_KEY',
  'ANTHROPIC_BASE_URL',
  'CLAUDE_CODE_OAUTH_TOKEN',
  'CLAUDE_CODE_USE_BEDROCK',
  'CLAUDE_CONFIG_DIR',
  'AWS_REGION',
  'GOOGLE_APPLICATION_CREDENTIALS',
  'HTTPS_PROXY',
  'https_proxy',
  'no_proxy',
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
])('%s passes', (name) => {
  expect(read({ [name]: 'x' })).toMatchObject({ [name]: 'x' });
});

test.each([
  'PROXY_API_KEY',
  'CLAUDECODE',
  'CLAUDE_CODE_SESSION_ID',
  'CLAUDE_CODE_ENTRYPOINT',
  'DATABASE_URL',
  'GITHUB_TOKEN',
  'NODE_OPTIONS',
  'LD_PRELOAD',
])('%s stays here', (name) => {
  expect(read({ [name]: 'x' })).not.toHaveProperty(name);
});

test('CHILD_ENV lets further names pass, the proxy’s key never', () => {
  const passed = read({ MY_TOKEN: 'x', PROXY_API_KEY: 'k', proxy_api_key: 'k' }, [
    'MY_TOKEN',
    'PROXY_API_KEY',
    'proxy_api_key',
  ]);
  expect(passed).toHaveProperty('MY_TOKEN', 'x');
  expect(Object.values(passed)).not.toContain('k');
});

test('what is not set is not passed as an empty word', () => {
  expect(read({ HOME: undefined })).not.toHaveProperty('HOME');
});

describe('what every CLI is told', () => {
  test('the hop mark, beside the operator’s own headers', () => {
    expect(read({})['ANTHROPIC_CUSTOM_HEADERS']).toBe(`${HOP_HEADER}: 1`);
    expect(read({ ANTHROPIC_CUSTOM_HEADERS: 'x-team: a' })['ANTHROPIC_CUSTOM_HEADERS']).toBe(
      `x-team: a\n${HOP_HEADER}: 1`,
    );
  });

  test('how often to try again, whatever the host says', () => {
    expect(read({ CLAUDE_CODE_MAX_RETRIES: '10' })).toMatchObject({ CLAUDE_CODE_MAX_RETRIES: '2' });
  });

  test('not to update itself', () => {
    expect(read({})).toMatchObject({ DISABLE_AUTOUPDATER: '1' });
  });
});
