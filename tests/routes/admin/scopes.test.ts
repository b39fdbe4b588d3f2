import { expect, test } from 'vitest';

import type { ApiKey, Scope } from '../../../src/keys/api-key.ts';
import { createTestApp, get } from '../../support/create-test-app.ts';

const PATHS = [
  '/metrics',
  '/api/admin/status',
  '/api/admin/runs',
  '/api/admin/history',
  '/api/admin/requests',
  '/api/admin/usage',
  '/api/admin/keys',
  '/dashboard/now',
  '/dashboard/keys',
];

test.each(PATHS)('%s is for keys with the scope `admin`, and for no others', async (path) => {
  expect((await get(createAppFor(['admin']), path)).status).toBe(200);
  expect((await get(createAppFor(['chat', 'agent']), path)).status).toBe(403);
});

test('the page is for those keys, too', async () => {
  expect((await signIn(['admin'])).status).toBe(303);
  const refused = await signIn(['chat', 'agent']);
  expect(refused.status).toBe(403);
  expect(refused.headers.get('set-cookie')).toBeNull();
});

const readRevision = () => Promise.resolve('');

function createAppFor(scopes: Scope[]) {
  const key: ApiKey = { id: 'key-12345678', name: 'laptop', scopes };
  const find = () => Promise.resolve(key);
  return createTestApp({ keys: { find, get: find, named: find, readRevision } });
}

function signIn(scopes: Scope[]) {
  const body = new URLSearchParams({ key: 'a-key-0123456789' });
  const headers = { 'sec-fetch-site': 'same-origin' };
  return createAppFor(scopes).request('/sign-in', { method: 'POST', headers, body });
}
