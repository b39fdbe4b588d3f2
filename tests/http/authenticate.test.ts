import { describe, expect, test } from 'vitest';

import { APP_KEY, createTestApp } from '../support/create-test-app.ts';
import { ROUTES } from '../support/routes.ts';

const app = createTestApp();

describe.each(ROUTES)('$method $path', ({ method, path, body }) => {
  const ask = (headers: Record<string, string>) =>
    app.request(path, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body && { body: JSON.stringify(body) }),
    });

  test.each([
    ['Authorization: Bearer', { authorization: `Bearer ${APP_KEY}` }],
    ['authorization in small letters and with blanks', { authorization: `bearer   ${APP_KEY} ` }],
    ['x-api-key', { 'x-api-key': APP_KEY }],
    ['x-api-key beside a login for another', { 'x-api-key': APP_KEY, authorization: 'Basic eDp5' }],
    ['Bearer beside a key for another', { 'x-api-key': 'x', authorization: `Bearer ${APP_KEY}` }],
    ['x-api-key beside a token for another', { 'x-api-key': APP_KEY, authorization: 'Bearer x' }],
  ])('takes the key as %s', async (_, headers) => {
    expect((await ask(headers)).status).toBe(200);
  });

  test.each([
    ['none', {}],
    ['an empty one', { authorization: 'Bearer ', 'x-api-key': '' }],
    ['a wrong one', { authorization: 'Bearer wrong' }],
    ['one with more behind it', { 'x-api-key': `${APP_KEY}x` }],
    ['one with less', { 'x-api-key': APP_KEY.slice(0, -1) }],
  ])('refuses %s with a 401', async (_, headers) => {
    const response = await ask(headers);
    expect(response.status).toBe(401);
    expect(await response.text()).not.toContain(APP_KEY);
  });
});

describe('a 401', () => {
  test('speaks like OpenAI', async () => {
    expect(await refused('/v1/chat/completions')).toMatchObject({
      error: { type: 'invalid_request_error', code: 'invalid_api_key', param: null },
    });
  });

  test.each([
    ['/v1/messages', {}],
    ['/v1/messages/count_tokens', {}],
    ['/v1/models', { 'anthropic-version': '2026-10-21' }],
  ])('speaks like Anthropic on %s %o', async (path, headers) => {
    expect(await refused(path, headers)).toMatchObject({
      type: 'error',
      error: { type: 'authentication_error' },
    });
  });

  test('speaks like OpenAI to a client that sends `x-api-key` on its paths', async () => {
    expect(await refused('/v1/models', { 'x-api-key': 'wrong' })).toMatchObject({
      error: { code: 'invalid_api_key' },
    });
  });

  test('is plain under /api', async () => {
    expect(await refused('/api/run')).toMatchObject({ error: { code: 'unauthenticated' } });
  });
});

async function refused(path: string, headers: Record<string, string> = {}): Promise<unknown> {
  const response = await app.request(path, { method: 'POST', headers });
  expect(response.status).toBe(401);
  return response.json();
}
