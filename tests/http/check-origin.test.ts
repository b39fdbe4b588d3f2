import { describe, expect, test } from 'vitest';

import type { Run } from '../../src/run.ts';
import { createTestApp, post, sayHello } from '../support/create-test-app.ts';

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
