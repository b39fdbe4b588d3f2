import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';

import { validate } from '../../../src/http/body/validate.ts';
import type { AppEnv } from '../../../src/http/variables.ts';
import type { Run } from '../../../src/run.ts';
import { createTestApp, post } from '../../support/create-test-app.ts';
import { ROUTES } from '../../support/routes.ts';

const neverRun: Run = () => {
  throw new Error('A request that cannot be read must not run.');
};
const app = createTestApp({ run: neverRun });

const POSTS = ROUTES.filter(({ method }) => method === 'POST');

describe.each(POSTS)('$path', ({ path, body }) => {
  test.each([
    ['malformed JSON', '{"model": "sonnet", '],
    ['nothing', ''],
    ['null', 'null'],
    ['a list', '[]'],
    ['a text', '"Hi"'],
    ['an empty object', '{}'],
    ['not UTF-8', '\u0000'],
  ])('%s is a 400', async (_, text) => {
    const response = await post(app, path, text);
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    const { error } = (await response.json()) as { error: string | { message: string } };
    expect(typeof error === 'string' ? error : error.message).toMatch(/./); // Ollama says a text alone
  });

  test('a list that is nested too deep is not named by a place in it', async () => {
    const response = await post(app, path, `${'['.repeat(300)}${']'.repeat(300)}`);
    expect(response.status).toBe(400);
    const text = await response.text();
    expect(text).toContain('The body: is nested deeper than 200 levels');
    expect(text).not.toContain('"0"');
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    'a body labelled %s is a 400 that says what to send',
    async (contentType) => {
      const response = await post(app, path, body, { 'content-type': contentType });
      expect(response.status).toBe(400);
      expect(await response.text()).toContain('content-type: application/json');
    },
  );

  test.each(['application/json; charset=utf-8', 'APPLICATION/JSON', 'application/vnd.x+json'])(
    'a body labelled %s is read',
    async (contentType) => {
      const response = await post(createTestApp(), path, body, { 'content-type': contentType });
      expect(response.status).toBe(200);
    },
  );

  test('a body over MAX_BODY_BYTES is a 413, whether its length is announced or not', async () => {
    const large = JSON.stringify({ ...body, metadata: { note: 'x'.repeat(10_000) } });
    const announced = await post(app, path, large, { 'content-length': String(large.length) });
    const unannounced = await post(app, path, large);
    expect([announced.status, unannounced.status]).toEqual([413, 413]);
    expect(await announced.text()).toContain('MAX_BODY_BYTES');
  });
});

test('a wrong field is named, in the words of each API', async () => {
  const wrong = { model: 7, messages: [], max_tokens: 1 };
  const openai = await post(app, '/v1/chat/completions', wrong);
  expect(await openai.json()).toMatchObject({
    error: {
      type: 'invalid_request_error',
      param: 'model',
      message: expect.stringMatching(/^model: /),
    },
  });
  const anthropic = await post(app, '/v1/messages', wrong);
  expect(await anthropic.json()).toMatchObject({
    type: 'error',
    error: { type: 'invalid_request_error', message: expect.stringMatching(/^model: /) },
  });
});

test('the text of a body is not held beside what was read of it', async () => {
  const server = new Hono<AppEnv>()
    .use(async (c, next) => {
      c.set('checkKeyAgain', () => Promise.resolve());
      await next();
    })
    .post('/', validate(z.object({ input: z.string() })), (c) =>
      c.json({ body: c.req.valid('json'), held: Object.keys(c.req.bodyCache) }),
    );
  const response = await post(server, '/', { input: 'Hi' });
  expect(await response.json()).toEqual({ body: { input: 'Hi' }, held: [] });
});
