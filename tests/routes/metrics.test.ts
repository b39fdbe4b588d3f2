import { expect, test } from 'vitest';

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

test('needs the key', async () => {
  expect((await createTestApp().request('/metrics')).status).toBe(401);
});
