import { describe, expect, test } from 'vitest';

import { createScriptedProxy } from '../support/create-scripted-proxy.ts';
import { KEY } from '../support/start-proxy.ts';

const MAX_BODY_BYTES = 2000;

const proxy = createScriptedProxy({ maxBodyBytes: MAX_BODY_BYTES });

/** What a caller with the right key gets: an empty body is the next thing that is wrong with a POST. */
const ROUTES = [
  ['POST', '/v1/chat/completions', 400],
  ['POST', '/v1/messages', 400],
  ['POST', '/api/run', 400],
  ['GET', '/v1/models', 200],
  ['GET', '/v1/models/sonnet', 200],
  ['GET', '/api/sessions', 200],
] as const;

describe.each(ROUTES)('%s %s', (method, path, statusWithKey) => {
  test.each([
    ['Authorization: Bearer', { authorization: `Bearer ${KEY}` }],
    ['x-api-key', { 'x-api-key': KEY }],
  ])('takes the key as %s', async (_, headers) => {
    expect((await call(method, path, headers)).status).toBe(statusWithKey);
  });

  test.each([
    ['no key', {}],
    ['a wrong key', { authorization: 'Bearer wrong' }],
    ['a wrong x-api-key', { 'x-api-key': 'wrong' }],
    ['the key in a scheme of its own', { authorization: `Basic ${KEY}` }],
  ])('answers 401 to %s', async (_, headers: Record<string, string>) => {
    const response = await call(method, path, headers);

    expect(response.status).toBe(401);
    expect(response.headers.get('content-type')).toBe('application/json');
  });
});

const FAILURES = [
  ['an unknown path', 'GET', '/v1/nothing', 404],
  ['an unknown model', 'GET', '/v1/models/nothing', 404],
  ['a body that is too large', 'POST', '/v1/embeddings', 413],
  ['a wrong method', 'POST', '/v1/models', 405],
] as const;

describe("failures outside an API's own routes", () => {
  test.each(FAILURES)('%s: in the words of the OpenAI API', async (_, method, path, status) => {
    const response = await call(method, path, { 'x-api-key': KEY }, bodyFor(status));

    expect(response.status).toBe(status);
    expect(response.headers.get('x-request-id')).toMatch(/^req_\w+$/);
    expect(await response.json()).toEqual(OPENAI_ERROR);
  });

  test.each(FAILURES)(
    '%s: in those of the Anthropic API for its clients',
    async (_, method, path, status) => {
      const headers = { 'x-api-key': KEY, 'anthropic-version': '2099-01-01' };
      const response = await call(method, path, headers, bodyFor(status));

      expect(response.status).toBe(status);
      const requestId = response.headers.get('request-id');
      expect(await response.json()).toEqual({ ...ANTHROPIC_ERROR, request_id: requestId });
    },
  );
});

describe('on the paths of an API, its own words', () => {
  test.each([
    ['a wrong key', 'POST', 'wrong', '{}', 401],
    ['a wrong method', 'GET', KEY, undefined, 405],
    ['a body that is no JSON', 'POST', KEY, '{"model":', 400],
    ['a body that is too large', 'POST', KEY, 'x'.repeat(MAX_BODY_BYTES + 1), 413],
  ] as const)('say %s', async (_, method, key, body, status) => {
    const headers = { authorization: `Bearer ${key}` };
    const chat = await call(method, '/v1/chat/completions', headers, body);
    const messages = await call(method, '/v1/messages', headers, body);

    expect([chat.status, messages.status]).toEqual([status, status]);
    expect(await chat.json()).toEqual(OPENAI_ERROR);
    expect(await messages.json()).toEqual({
      ...ANTHROPIC_ERROR,
      request_id: messages.headers.get('request-id'),
    });
  });
});

test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data'])(
  'a body labelled %s is a 400, which no client tries again',
  async (type) => {
    const headers = { authorization: `Bearer ${KEY}`, 'content-type': type };
    const response = await call('POST', '/v1/chat/completions', headers, 'model=sonnet');

    expect(response.status).toBe(400);
    expect(await response.json()).toEqual(OPENAI_ERROR);
  },
);

const OPENAI_ERROR = {
  error: {
    message: expect.stringMatching(/\w+ \w+/),
    type: 'invalid_request_error',
    param: expect.toSatisfy((param) => param === null || typeof param === 'string'),
    code: expect.toSatisfy((code) => code === null || typeof code === 'string'),
  },
};

const ANTHROPIC_ERROR = {
  type: 'error',
  error: {
    type: expect.stringMatching(/^(\w+_error|request_too_large)$/),
    message: expect.stringMatching(/\w+ \w+/),
  },
};

function bodyFor(status: number): string | undefined {
  return status === 413 ? 'x'.repeat(MAX_BODY_BYTES + 1) : undefined;
}

function call(
  method: 'GET' | 'POST',
  path: string,
  headers: Record<string, string>,
  body = '{}',
): Promise<Response> {
  return proxy.fetch(proxy.url + path, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(method === 'POST' && { body }),
  });
}
