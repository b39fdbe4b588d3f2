import { describe, expect, test } from 'vitest';

import { createTestApp, get, post } from '../support/create-test-app.ts';

const BODY = { model: 'sonnet', messages: [{ role: 'user', content: 'Hi' }] };

test('GET /metrics is for Prometheus and counts what ran', async () => {
  const app = createTestApp();
  await post(app, '/v1/chat/completions', BODY);
  await (await post(app, '/v1/chat/completions', { ...BODY, stream: true })).text();
  const response = await get(app, '/metrics');
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  expect(await response.text()).toContain(
    'claude_proxy_requests_total{dialect="openai-chat",model="sonnet",outcome="stop"} 2',
  );
});

describe('without a key', () => {
  test.each([
    ['127.0.0.1', 'localhost:6789', {}, 200],
    ['::ffff:127.0.0.1', '127.0.0.1:6789', {}, 200],
    ['::1', '[::1]:6789', { 'sec-fetch-site': 'none' }, 200],
    ['127.0.0.1', 'localhost', { authorization: 'Bearer wrong' }, 200],
    ['192.168.1.7', 'localhost', {}, 401],
    ['127.0.0.1', 'app', {}, 401], // a name by which others come
    ['127.0.0.1', 'localhost', { 'x-forwarded-for': '127.0.0.1' }, 401],
    ['127.0.0.1', 'localhost', { forwarded: 'for=192.168.1.7' }, 401],
    ['127.0.0.1', 'localhost', { 'x-real-ip': '' }, 401],
    ['127.0.0.1', 'localhost', { 'sec-fetch-site': 'cross-site' }, 401],
    ['127.0.0.1', 'localhost', { origin: 'http://evil.example.com' }, 403],
    ['127.0.0.1', 'evil.example.com', {}, 403],
  ])('from %s by the name %s with %o it is a %i', async (remoteAddress, host, more, status) => {
    const from = { incoming: { socket: { remoteAddress } } };
    const headers = { host, ...more } as Record<string, string>;
    const response = await createTestApp().request('/metrics', { headers }, from);
    expect(response.status).toBe(status);
    expect((await response.text()).includes('claude_proxy_')).toBe(status === 200);
  });

  test('nothing else is told to programs on this machine', async () => {
    const from = { incoming: { socket: { remoteAddress: '127.0.0.1' } } };
    const headers = { host: 'localhost' };
    for (const path of ['/api/admin/status', '/v1/models', '/dashboard/now']) {
      expect((await createTestApp().request(path, { headers }, from)).status).toBe(401);
    }
  });
});

test('needs the key', async () => {
  expect((await createTestApp().request('/metrics')).status).toBe(401);
});
