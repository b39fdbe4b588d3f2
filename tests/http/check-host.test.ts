import { describe, expect, test } from 'vitest';

import { createTestApp, get } from '../support/create-test-app.ts';

const appOn = (host: string, allowedHosts: readonly string[] = []) =>
  createTestApp({ settings: { host, allowedHosts } });

const statusFor = async (app: ReturnType<typeof appOn>, host: string) =>
  (await get(app, '/v1/models', { host })).status;

describe('on this machine only', () => {
  const app = appOn('127.0.0.1', ['claude.example.com', 'fd00::7']);

  test.for([
    'localhost:6789',
    'localhost',
    'LOCALHOST.:6789',
    'proxy.localhost:6789',
    '127.0.0.1:6789',
    '127.8.8.8',
    '[::1]:6789',
    'claude.example.com',
    'Claude.Example.com:8443',
    '[fd00::7]:6789',
  ])('it answers to %s', async (host) => {
    expect(await statusFor(app, host)).toBe(200);
  });

  test.for([
    'evil.example.com:6789',
    'localhost.evil.example.com',
    '127.0.0.1.evil.example.com:6789',
    'claude.example.com.evil.example.com',
    'sub.claude.example.com',
    '192.168.1.7:6789',
    '[fd00::8]:6789',
    '[::ffff:10.0.0.1]',
  ])('it does not answer to %s, key or not', async (host) => {
    expect(await statusFor(app, host)).toBe(403);
    expect((await app.request('/health', { headers: { host } })).status).toBe(403);
  });

  test.for(['', ' ', 'a b', 'evil.example.com@localhost', 'localhost/x', 'localhost:99999'])(
    'a Host of %j names none',
    async (host) => {
      const response = await app.request('/health', { headers: { host } });
      expect(response.status).toBe(400);
    },
  );
});

describe('on all addresses of the machine', () => {
  test.for(['0.0.0.0', '::'])('%s: any address is an own one, a name is not', async (bound) => {
    const app = appOn(bound, ['claude.example.com']);
    expect(await statusFor(app, '192.168.1.7:6789')).toBe(200);
    expect(await statusFor(app, '[fd00::8]:6789')).toBe(200);
    expect(await statusFor(app, 'claude.example.com')).toBe(200);
    expect(await statusFor(app, 'evil.example.com:6789')).toBe(403);
  });
});

test('on one address or name, that is an own one', async () => {
  expect(await statusFor(appOn('192.168.1.7'), '192.168.1.7:6789')).toBe(200);
  expect(await statusFor(appOn('192.168.1.7'), '192.168.1.8:6789')).toBe(403);
  expect(await statusFor(appOn('files.corp'), 'files.corp:6789')).toBe(200);
});

test.for([
  ['/v1/chat/completions', { error: { code: 'permission_denied' } }],
  ['/v1/messages', { type: 'error', error: { type: 'permission_error' } }],
  ['/api/run', { error: { code: 'forbidden' } }],
] as const)(
  'the 403 on %s speaks like its API, and tells the operator what to do',
  async ([path, body]) => {
    const response = await get(appOn('127.0.0.1'), path, { host: 'evil.example.com' });
    const answer = await response.json();
    expect(answer).toMatchObject(body);
    expect(JSON.stringify(answer)).toContain('ALLOWED_HOSTS');
  },
);
