import { describe, expect, test } from 'vitest';

import type { Run } from '../../src/run.ts';
import { createTestApp, get, post, sayHello } from '../support/create-test-app.ts';

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

const BODY = { model: 'sonnet', messages: [{ role: 'user', content: 'Hi' }] };

function open(corsOrigins: readonly string[] = []) {
  let runs = 0;
  const run: Run = (request, signal) => {
    runs += 1;
    return sayHello(request, signal);
  };
  const app = createTestApp({ run, settings: { corsOrigins } });
  return {
    app,
    countRuns: () => runs,
    callFrom: (origin: string) =>
      post(app, '/v1/chat/completions', BODY, { origin, host: 'localhost:6789' }),
  };
}

test.for([
  'https://evil.example.com',
  'http://localhost:3000',
  'http://localhost',
  'http://127.0.0.1:6789',
  'null',
  'file://',
])('a page of %s cannot make it run anything, though it has the key', async (origin) => {
  const { callFrom, countRuns } = open();
  const response = await callFrom(origin);
  expect(response.status).toBe(403);
  expect(await response.json()).toMatchObject({
    error: { code: 'permission_denied', message: expect.stringContaining('CORS_ORIGINS') },
  });
  expect(countRuns()).toBe(0);
});

test('a page of its own may call, and so may a program', async () => {
  const { callFrom, app } = open();
  expect((await callFrom('http://localhost:6789')).status).toBe(200);
  expect((await post(app, '/v1/chat/completions', BODY)).status).toBe(200);
});

describe('with origins allowed', () => {
  test('their pages may call, others may not', async () => {
    const { callFrom } = open(['https://chat.example.com', 'app://notes']);
    expect((await callFrom('https://chat.example.com')).status).toBe(200);
    expect((await callFrom('app://notes')).status).toBe(200);
    expect((await callFrom('https://evil.example.com')).status).toBe(403);
    expect((await callFrom('https://chat.example.com.evil.example.com')).status).toBe(403);
  });

  test('`*` allows all', async () => {
    expect((await open(['*']).callFrom('null')).status).toBe(200);
  });
});

test.for(['/health', '/v1/models', '/api/sessions', '/nothing'])(
  'a foreign page gets a 403 from %s',
  async (path) => {
    const headers = { origin: 'https://evil.example.com' };
    expect((await open().app.request(path, { headers })).status).toBe(403);
  },
);
