import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { APP_KEY, post, type TestApp } from '../../support/create-test-app.ts';
import {
  createKeyedApp,
  createKeysFolder,
  EVERY_RULE,
  type KeysFolder,
} from '../../support/keys.ts';
import { answerCheckOf } from '../../support/openapi-checks.ts';

const CHAT = { model: 'sonnet', messages: [{ role: 'user', content: 'Hi' }] };

let folder: KeysFolder;
let app: TestApp;
beforeEach(async () => {
  folder = await createKeysFolder();
  app = createKeyedApp(folder);
});
afterEach(() => folder.remove());

describe.each([
  ['GET', '/api/admin/keys', undefined],
  ['POST', '/api/admin/keys', { name: 'mine', scopes: ['admin'] }],
  ['PUT', '/api/admin/keys/ID', { scopes: ['admin'] }],
  ['POST', '/api/admin/keys/ID/rotate', {}],
  ['DELETE', '/api/admin/keys/ID', undefined],
])('%s %s', (method, path, body) => {
  test('is for keys with the scope `admin`', async () => {
    await folder.add({}, 'other');
    const key = await folder.add({ scopes: ['chat', 'agent'] });
    const before = await list();
    const response = await ask(method, path.replace('ID', before[0]?.id ?? ''), body, key);
    expect(response.status).toBe(403);
    expect(await list()).toEqual(before);
    const admin = await folder.add({ scopes: ['admin'] });
    expect((await ask(method, path.replace('ID', before[0]?.id ?? ''), body, admin)).status).toBe(
      200,
    );
  });
});

test('a key with every limit is shown once, without its hash, and works at once', async () => {
  const response = await ask('POST', '/api/admin/keys', { name: 'robot', ...EVERY_RULE });
  expect(response.status).toBe(200);
  expect(response.headers.get('cache-control')).toBe('no-store');
  const { key, ...shown } = (await response.json()) as Record<string, string>;
  expect(shown).toEqual({
    id: expect.stringMatching(/^key-/),
    name: 'robot',
    createdAt: expect.any(String),
    ...EVERY_RULE,
  });
  expect(await list()).toEqual([shown]);
  expect((await chat(key)).status).toBe(200);
});

test('without scopes it is a chat key', async () => {
  await ask('POST', '/api/admin/keys', { name: 'plain' });
  expect(await list()).toMatchObject([{ name: 'plain', scopes: ['chat'] }]);
});

test('changed limits hold from the next request on, and are gone with the next change', async () => {
  const key = await folder.add();
  const [{ id } = { id: '' }] = await list();
  await ask('PUT', `/api/admin/keys/${id}`, { scopes: ['chat'], requestsPerMinute: 1 });
  expect((await chat(key)).status).toBe(200);
  expect((await chat(key)).status).toBe(429);
  await ask('PUT', `/api/admin/keys/${id}`, { scopes: ['chat'], models: ['haiku'] });
  expect((await chat(key)).status).toBe(403);
  await ask('PUT', `/api/admin/keys/${id}`, { scopes: ['chat'] });
  expect((await chat(key)).status).toBe(200);
});

test('a revoked key gets a 401 from the next request on', async () => {
  const key = await folder.add();
  const [{ id } = { id: '' }] = await list();
  expect((await chat(key)).status).toBe(200);
  const revoked = await ask('DELETE', `/api/admin/keys/${id}`);
  expect(await revoked.json()).toMatchObject({ id, revoked: true });
  expect((await chat(key)).status).toBe(401);
  expect((await ask('DELETE', `/api/admin/keys/${id}`)).status).toBe(404);
  expect((await ask('PUT', `/api/admin/keys/${id}`, { scopes: ['chat'] })).status).toBe(404);
});

test.each([
  [{}, 'name'],
  [{ name: 'two words' }, 'name'],
  [{ name: 'x', scopes: [] }, 'scopes'],
  [{ name: 'x', scopes: ['root'] }, 'scopes.0'],
  [{ name: 'x', requestsPerMinute: 0 }, 'requestsPerMinute'],
  [{ name: 'x', usdPerDay: -1 }, 'usdPerDay'],
  [{ name: 'x', deniedTools: ['--flag'] }, 'deniedTools.0'],
  [{ name: 'x', tokensPerHour: 1 }, 'tokensPerHour'],
])('%o is refused, and names the field', async (body, param) => {
  const response = await ask('POST', '/api/admin/keys', body);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { code: 'invalid-request', param } });
  expect(await list()).toEqual([]);
});

test('a name that is taken is refused', async () => {
  await folder.add({}, 'laptop');
  const response = await ask('POST', '/api/admin/keys', { name: 'laptop' });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { param: 'name' } });
});

test('a key gets a new text, and the old one goes on meanwhile as the same key', async () => {
  const old = await folder.add({ requestsPerMinute: 3 }, 'laptop');
  const rotated = await rotate({ overlapSeconds: 60 });
  expect(rotated).toMatchObject({ name: 'laptop', requestsPerMinute: 3 });
  expect(Date.parse(rotated.previousUntil ?? '') - Date.now()).toBeGreaterThan(50_000);
  expect(JSON.stringify(await list())).not.toMatch(/ccp-|[\da-f]{64}/);
  expect((await chat(old)).status).toBe(200);
  expect((await chat(rotated.key)).status).toBe(200);
  await chat(old);
  expect((await chat(rotated.key)).status).toBe(429); // one count for both

  const [{ id } = { id: '' }] = await list();
  await ask('PUT', `/api/admin/keys/${id}`, { scopes: ['chat'] });
  expect((await chat(old)).status).toBe(200);
});

test('without an overlap the old text ends at once, and so does the one before the last', async () => {
  const first = await folder.add({}, 'laptop');
  const { key: second } = await rotate({});
  const { key: third } = await rotate({});
  const statuses = async () =>
    Promise.all([first, second, third].map(async (key) => (await chat(key)).status));
  expect(await statuses()).toEqual([401, 200, 200]);
  await rotate({ overlapSeconds: 0 });
  expect(await statuses()).toEqual([401, 401, 401]);
});

test.each([{ overlapSeconds: -1 }, { overlapSeconds: 30 * 86_400 + 1 }, { overlapSeconds: '1' }])(
  '%o is no overlap',
  async (body) => {
    const key = await folder.add({}, 'laptop');
    const [{ id } = { id: '' }] = await list();
    const response = await ask('POST', `/api/admin/keys/${id}/rotate`, body);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { param: 'overlapSeconds' } });
    expect((await chat(key)).status).toBe(200);
  },
);

test('every answer is as the document says', async () => {
  const add = await ask('POST', '/api/admin/keys', { name: 'robot' });
  const [{ id } = { id: '' }] = await list();
  const path = `/api/admin/keys/${id}`;
  const answers: [string, Response][] = [
    ['POST /api/admin/keys', add],
    ['GET /api/admin/keys', await ask('GET', '/api/admin/keys')],
    ['PUT /api/admin/keys/{id}', await ask('PUT', path, EVERY_RULE)],
    ['PUT /api/admin/keys/{id}', await ask('PUT', path, { scopes: 1 })],
    ['POST /api/admin/keys/{id}/rotate', await ask('POST', `${path}/rotate`, {})],
    ['DELETE /api/admin/keys/{id}', await ask('DELETE', path)],
    ['POST /api/admin/keys/{id}/rotate', await ask('POST', `${path}/rotate`, {})],
    ['DELETE /api/admin/keys/{id}', await ask('DELETE', path)],
  ];
  expect(answers.map(([, { status }]) => status)).toEqual([200, 200, 200, 400, 200, 200, 404, 404]);
  for (const [operation, response] of answers) {
    const check = answerCheckOf(operation, response.status, 'application/json');
    expect(check(await response.json())).toEqual([]);
  }
});

function ask(method: string, path: string, body?: unknown, key = APP_KEY): Promise<Response> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
  return Promise.resolve(app.request(path, init));
}

function chat(key = '') {
  return post(app, '/v1/chat/completions', CHAT, { authorization: `Bearer ${key}` });
}

/** The only key there is. */
async function rotate(body: object) {
  const [{ id } = { id: '' }] = await list();
  const response = await ask('POST', `/api/admin/keys/${id}/rotate`, body);
  expect(response.headers.get('cache-control')).toBe('no-store');
  return (await response.json()) as { key: string; previousUntil?: string };
}

async function list() {
  const response = await ask('GET', '/api/admin/keys');
  return ((await response.json()) as { keys: { id: string; name: string }[] }).keys;
}
