import { describe, expect, test } from 'vitest';

import { APP_KEY, createTestApp, get, post } from '../support/create-test-app.ts';
import { ALIASES, ROUTES } from '../support/routes.ts';

const app = createTestApp();

test.each(ALIASES)('$path is served, as base URLs go', async ({ path, body }) => {
  const response = body ? await post(app, path, body) : await get(app, path);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toMatch(/^application\/json/);
});

test.each(ROUTES.filter(({ method }) => method === 'GET'))(
  'HEAD $path is GET without a body',
  async ({ path }) => {
    const headers = { authorization: `Bearer ${APP_KEY}` };
    const response = await app.request(path, { method: 'HEAD', headers });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(await response.text()).toBe('');
  },
);

describe('an unknown path', () => {
  test('is a 404 in the words of OpenAI', async () => {
    const response = await get(app, '/v1/embeddings');
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({
      error: {
        message: 'There is no GET /v1/embeddings here.',
        type: 'invalid_request_error',
        param: null,
        code: 'not_found',
      },
    });
  });

  test.each([
    ['/v1/messages/nothing', {}],
    ['/v1/nothing', { 'anthropic-version': '2099-01-01' }],
  ])('%s is a 404 in the words of Anthropic', async (path, headers) => {
    const response = await get(app, path, headers);
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({
      type: 'error',
      error: { type: 'not_found_error', message: `There is no GET ${path} here.` },
      request_id: response.headers.get('request-id'),
    });
  });

  test.each(['/api/sessions/x/nothing', '/api/admin/nothing'])(
    '%s is a 404 in the words of agents',
    async (path) => {
      const response = await get(app, path, { 'anthropic-version': '2099-01-01' });
      expect(response.status).toBe(404);
      expect(await response.json()).toEqual({
        error: { code: 'not-found', message: `There is no GET ${path} here.` },
        requestId: response.headers.get('x-request-id'),
      });
    },
  );
});

test.each([
  ['GET', '/v1/chat/completions', 'POST'],
  ['GET', '/v1/messages', 'POST'],
  ['HEAD', '/v1/messages', 'POST'],
  ['PUT', '/api/run', 'POST'],
  ['POST', '/api/admin/keys/key-12345678', 'PUT, DELETE'],
  ['PATCH', '/v1/responses/resp_1', 'GET, HEAD, DELETE'],
  ['DELETE', '/v1/v1/messages', 'POST'],
  ['POST', '/v1/models', 'GET, HEAD'],
  ['DELETE', '/v1/models/sonnet', 'GET, HEAD'],
  ['POST', '/api/sessions/x', 'GET, HEAD, DELETE'],
  ['POST', '/health', 'GET, HEAD'],
])('%s %s is a 405 that allows %s', async (method, path, allowed) => {
  const headers = { authorization: `Bearer ${APP_KEY}` };
  const response = await app.request(path, { method, headers });
  expect(response.status).toBe(405);
  expect(response.headers.get('allow')).toBe(allowed);
});

test('every answer bears one request id, in both headers, and no two the same', async () => {
  const answers = [
    await get(app, '/v1/models'),
    await get(app, '/nothing'),
    await app.request('/'),
  ];
  const ids = answers.map(({ headers }) => headers.get('x-request-id'));
  expect(new Set(ids).size).toBe(3);
  expect(ids.every((id) => /^req_\w+$/.test(id ?? ''))).toBe(true);
  expect(answers.map(({ headers }) => headers.get('request-id'))).toEqual(ids);
});
