import { describe, expect, test } from 'vitest';

import type { Run } from '../../../src/run.ts';
import { RunError } from '../../../src/run-error.ts';
import { APP_KEY, createTestApp, get, post } from '../../support/create-test-app.ts';
import { answerCheckOf } from '../../support/openapi-checks.ts';
import { cannedRun, text } from '../canned-run.ts';

const CHAT = { model: 'sonnet', messages: [{ role: 'user', content: 'Hi' }] };
const LINES = 'application/x-ndjson';

const breakOff: Run = async function* broken() {
  for await (const event of cannedRun([text('Hello.')])) {
    if (event.type === 'part-end') throw new RunError('cli-failed', 'It died.');
    yield event;
  }
};

const app = createTestApp();

test.each([
  ['/api/chat', CHAT],
  ['/api/generate', { model: 'sonnet', prompt: 'Hi' }],
])('%s answers with lines, as the document says', async (path, body) => {
  const response = await post(app, path, body);
  const lines = (await response.text()).trimEnd().split('\n');

  expect(response.headers.get('content-type')).toBe(LINES);
  expect(lines.length).toBeGreaterThan(1);
  const check = answerCheckOf(`POST ${path}`, 200, LINES);
  expect(lines.flatMap((line) => check(JSON.parse(line)))).toEqual([]);
});

test('a failure in the middle is the last line', async () => {
  const response = await post(createTestApp({ run: breakOff }), '/api/chat', CHAT);
  const lines = (await response.text()).trimEnd().split('\n');

  expect(JSON.parse(lines.at(-1) ?? '')).toEqual({ error: 'It died.' });
});

describe('the models', () => {
  test('are listed by their full ids, and by the names that the operator gave them', async () => {
    const response = await get(app, '/api/tags');
    const { models } = (await response.json()) as { models: { name: string }[] };

    expect(models.map(({ name }) => name)).toContain('claude-sonnet-5-5');
    expect(models.map(({ name }) => name)).toContain('gpt-4o');
    expect(answerCheckOf('GET /api/tags', 200, 'application/json')({ models })).toEqual([]);
  });

  test.each(['claude-sonnet-5-5', 'sonnet', 'sonnet:latest', 'gpt-4o'])(
    '%s shows what it can, and how much it reads',
    async (model) => {
      const shown = await (await post(app, '/api/show', { model })).json();

      expect(shown).toMatchObject({
        capabilities: ['completion', 'tools', 'vision', 'thinking'],
        model_info: { 'general.architecture': 'claude', 'claude.context_length': 200_000 },
      });
      expect(answerCheckOf('POST /api/show', 200, 'application/json')(shown)).toEqual([]);
    },
  );

  test('an unknown one is a 404', async () => {
    const response = await post(app, '/api/show', { name: 'llama3' });

    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({ error: "model 'llama3' not found" });
  });

  test('none is loaded, and the version is one that clients take', async () => {
    expect(await (await get(app, '/api/ps')).json()).toEqual({ models: [] });
    expect(await (await get(app, '/api/version')).json()).toEqual({
      version: expect.stringMatching(/^0\.\d+\.\d+$/),
    });
  });
});

test.each([
  ['POST', '/api/embed', 'embeddings'],
  ['POST', '/api/embeddings', 'embeddings'],
  ['POST', '/api/pull', '/api/tags'],
  ['DELETE', '/api/delete', '/api/tags'],
])('%s %s says why it cannot be', async (method, path, reason) => {
  const response = await app.request(path, {
    method,
    headers: { authorization: `Bearer ${APP_KEY}`, 'content-type': 'application/json' },
    body: '{"model":"sonnet"}',
  });

  expect(response.status).toBe(400);
  expect(await response.json()).toEqual({ error: expect.stringContaining(reason) });
});

describe('without a key', () => {
  const HERE = { incoming: { socket: { remoteAddress: '127.0.0.1' } } };
  const ask = (
    { path = '/api/tags', address = '127.0.0.1', ...headers }: Record<string, string> = {},
    ollamaKey: string | undefined = 'owner',
  ) =>
    createTestApp({ settings: { ollamaKey } }).request(
      path,
      { headers: { host: '127.0.0.1:6789', ...headers } },
      { ...HERE, incoming: { socket: { remoteAddress: address } } },
    );

  test('a program on this machine is let in where the operator named a key for it', async () => {
    expect((await ask()).status).toBe(200);
    expect((await ask({ host: 'localhost:6789', address: '::1' })).status).toBe(200);
    expect((await ask({}, 'default')).status).toBe(200);
    const unset = createTestApp().request('/api/tags', { headers: { host: 'localhost' } }, HERE);
    expect((await unset).status).toBe(401);
  });

  test.each([
    ['from another machine', { address: '192.168.1.2' }],
    ['by another name of this machine', { host: 'app' }],
    ['through a proxy', { 'x-forwarded-for': '127.0.0.1' }],
    ['through a proxy that is polite', { forwarded: 'for=127.0.0.1' }],
    ['from a page of another site', { 'sec-fetch-site': 'cross-site' }],
    ['on another route', { path: '/v1/models' }],
    ['on a route of agents', { path: '/api/sessions' }],
    ['with a wrong key', { authorization: 'Bearer wrong' }],
  ])('nobody is let in %s', async (_, request) => {
    expect((await ask(request)).status).toBe(401);
  });

  test('a page of an origin that may call shows a key all the same', async () => {
    const page = createTestApp({ settings: { ollamaKey: 'owner', corsOrigins: ['*'] } }).request(
      '/api/tags',
      { headers: { host: 'localhost', origin: 'https://page.example' } },
      HERE,
    );

    expect((await page).status).toBe(401);
  });

  test('a name that no key has lets nobody in', async () => {
    expect((await ask({}, 'nobody')).status).toBe(401);
  });
});
