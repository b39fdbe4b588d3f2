import { afterEach, beforeEach, expect, test } from 'vitest';

import type { TestApp } from '../support/create-test-app.ts';
import { APP_KEY } from '../support/create-test-app.ts';
import { createKeyedApp, createKeysFolder, type KeysFolder } from '../support/keys.ts';
import { ROUTES } from '../support/routes.ts';

const AT_ONCE = 8;

let folder: KeysFolder;
let app: TestApp;
beforeEach(async () => {
  folder = await createKeysFolder();
  app = createKeyedApp(folder);
});
afterEach(() => folder.remove());

async function send(key: string, method: string, path: string, body?: object) {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const init = { method, headers, ...(body && { body: JSON.stringify(body) }) };
  const response = await app.request(path, init);
  return { status: response.status, body: await response.text() };
}

async function readIds() {
  const { body } = await send(APP_KEY, 'GET', '/api/admin/keys');
  return (JSON.parse(body) as { keys: { id: string }[] }).keys.map(({ id }) => id); // our own route
}

test('requests of every route that arrive together after it was revoked are all refused', async () => {
  const key = await folder.add({ scopes: ['chat', 'agent', 'admin'] });
  const [id] = await readIds();
  const all = () =>
    Promise.all(
      Array.from({ length: AT_ONCE }, () => ROUTES)
        .flat()
        .map(async ({ method, path, body }) => (await send(key, method, path, body)).status),
    );
  expect(new Set(await all())).toEqual(new Set([200]));
  expect((await send(APP_KEY, 'DELETE', `/api/admin/keys/${id}`)).status).toBe(200);
  expect(new Set(await all())).toEqual(new Set([401]));
});

test('a revoked admin key leaves no key behind, however many it asks for at once', async () => {
  const key = await folder.add({ scopes: ['admin'] });
  const [id] = await readIds();
  await send(APP_KEY, 'DELETE', `/api/admin/keys/${id}`);
  const made = await Promise.all(
    Array.from({ length: AT_ONCE }, (_, index) =>
      send(key, 'POST', '/api/admin/keys', { name: `backdoor-${index}`, scopes: ['admin'] }),
    ),
  );
  expect(made.map(({ status }) => status)).toEqual(Array.from({ length: AT_ONCE }, () => 401));
  expect(await readIds()).toEqual([]);
});

test('one that revokes itself has ended with that', async () => {
  const key = await folder.add({ scopes: ['admin'] });
  const [id] = await readIds();
  expect((await send(key, 'DELETE', `/api/admin/keys/${id}`)).status).toBe(200);
  expect((await send(key, 'GET', '/api/admin/keys')).status).toBe(401);
});

test('one that makes itself less is less at once', async () => {
  const key = await folder.add({ scopes: ['admin', 'chat'] });
  const [id] = await readIds();
  expect((await send(key, 'PUT', `/api/admin/keys/${id}`, { scopes: ['chat'] })).status).toBe(200);
  const again = await send(key, 'PUT', `/api/admin/keys/${id}`, { scopes: ['admin'] });
  expect(again.status).toBe(403);
});

test('a sign-in at the page ends with its key', async () => {
  const key = await folder.add({ scopes: ['admin'] });
  const [id] = await readIds();
  const own = { 'sec-fetch-site': 'same-origin' };
  const body = new URLSearchParams({ key });
  const signIn = await app.request('/sign-in', { method: 'POST', headers: own, body });
  const cookie = signIn.headers.get('set-cookie')?.split(';')[0] ?? '';
  const look = async () =>
    (await app.request('/dashboard/now', { headers: { ...own, cookie } })).status;
  expect(await look()).toBe(200);
  await send(APP_KEY, 'DELETE', `/api/admin/keys/${id}`);
  expect(await look()).toBe(401);
});

test('a key just made works for all who come with it at once', async () => {
  const { body } = await send(APP_KEY, 'POST', '/api/admin/keys', { name: 'new' });
  const { key } = JSON.parse(body) as { key: string }; // our own route
  const all = await Promise.all(
    Array.from({ length: AT_ONCE }, () => send(key, 'GET', '/v1/models')),
  );
  expect(new Set(all.map(({ status }) => status))).toEqual(new Set([200]));
});
