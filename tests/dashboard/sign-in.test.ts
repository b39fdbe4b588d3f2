import { createHash } from 'node:crypto';
import { describe, expect, test, vi } from 'vitest';
import { z } from 'zod';

import { PAGE_PATHS } from '../../src/dashboard/pages.ts';
import { createKeyBook } from '../../src/keys/key-book.ts';
import { RunError } from '../../src/run-error.ts';
import { APP_KEY, createTestApp, type TestApp } from '../support/create-test-app.ts';
import { openSignedIn } from '../support/open-signed-in.ts';

const HOST = 'localhost:6789';
const OWN_PAGE = { 'sec-fetch-site': 'same-origin' };

test('the page of who is not signed in tells nothing of the server', async () => {
  const response = await createTestApp().request(`http://${HOST}/`);
  expect(response.status).toBe(200);
  const text = await response.text();
  expect(text).toContain('Key of this server');
  expect(text).not.toMatch(/1\.2\.3|somebody|logged in/);
});

test('the right key leads to the page, by a cookie that is not the key', async () => {
  const app = createTestApp();
  const response = await signIn(app, APP_KEY);
  expect(response.status).toBe(303);
  expect(response.headers.get('location')).toBe('/');
  const cookie = response.headers.get('set-cookie') ?? '';
  expect(cookie).toMatch(
    /^claude-code-proxy-6789=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/,
  );
  expect(cookie).not.toContain(APP_KEY);

  const page = await app.request(`http://${HOST}/`, { headers: { cookie: toCookie(response) } });
  const text = await page.text();
  expect(text).toContain('logged in');
  expect(text).not.toContain(APP_KEY);
  expect(page.headers.get('cache-control')).toBe('no-store');
});

test('a sign-in leads back to the page that was asked for', async () => {
  const app = createTestApp();
  const wanted = '/keys?from="1"&to=2';
  const asked = await (await app.request(`http://${HOST}${wanted}`)).text();
  const to = /name="to" value="([^"]*)"/.exec(asked)?.[1]?.replaceAll('&amp;', '&');
  expect(to).toBe('/keys?from=%221%22&to=2');
  expect((await signIn(app, 'a-wrong-key', {}, to)).status).toBe(401);
  expect((await signIn(app, APP_KEY, {}, to)).headers.get('location')).toBe(to);
});

test.each([
  'https://elsewhere.example/keys',
  '//elsewhere.example',
  '/sign-out',
  '/\\\\x',
  'javascript:1',
])('a sign-in does not lead to %s', async (to) => {
  const location = (await signIn(createTestApp(), APP_KEY, {}, to)).headers.get('location');
  expect(location).toMatch(/^\/(keys)?$/);
});

test.each(PAGE_PATHS)('%s is shown to nobody without a key, and to who has one', async (path) => {
  const app = createTestApp();
  expect(await (await app.request(`http://${HOST}${path}`)).text()).not.toContain(
    'aria-label="Pages"',
  );
  const cookie = toCookie(await signIn(app, APP_KEY));
  const page = await app.request(`http://${HOST}${path}`, { headers: { cookie } });
  expect(await page.text()).toMatch(new RegExp(`href="${path}"[^>]*aria-current="page"`));
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
});

test.each(['', 'a-wrong-key', 'not a header\r\nx: y', `${APP_KEY}x`])(
  'the key %j is refused without a cookie',
  async (key) => {
    const response = await signIn(createTestApp(), key);
    expect(response.status).toBe(401);
    expect(response.headers.get('set-cookie')).toBeNull();
    expect(await response.text()).toContain('role="alert"');
  },
);

test('behind TLS the cookie is never sent in the clear', async () => {
  const response = await signIn(createTestApp(), APP_KEY, { 'x-forwarded-proto': 'https' });
  expect(response.headers.get('set-cookie')).toContain('; Secure');
});

test('a form from elsewhere does not sign in', async () => {
  const response = await signIn(createTestApp(), APP_KEY, { 'sec-fetch-site': 'cross-site' });
  expect(response.status).toBe(403);
  expect(response.headers.get('set-cookie')).toBeNull();
});

test('a form of a megabyte is not read', async () => {
  expect((await signIn(createTestApp(), 'x'.repeat(1_000_000))).status).toBe(413);
});

const away = () =>
  Promise.reject(new RunError('queue-timeout', 'Redis is away.', { retryAfterSeconds: 2 }));

describe('while Redis is away', () => {
  const signIns = { ttlMs: 1000, add: away, find: away, remove: away };

  test.each([
    ['GET', '/'],
    ['GET', '/keys'],
    ['POST', '/sign-out'],
  ])('%s %s tells it in a page', async (method, path) => {
    const headers = { ...OWN_PAGE, cookie: 'claude-code-proxy-6789=an-id' };
    const url = `http://${HOST}${path}`;
    const response = await createTestApp({ signIns }).request(url, { method, headers });
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('2');
    expect(response.headers.get('content-type')).toMatch('text/html');
    expect(await response.text()).toMatch(/role="alert">Redis is away\.</);
  });

  test('a sign-in tells it in a page', async () => {
    const response = await signIn(createTestApp({ signIns }), APP_KEY);
    expect(response.status).toBe(503);
    expect(await response.text()).toMatch(/role="alert">Redis is away\.</);
  });

  test('a key that cannot be looked up has not changed', async () => {
    const keys = createKeyBook({ ownerKey: APP_KEY });
    const app = createTestApp({ keys });
    const cookie = toCookie(await signIn(app, APP_KEY));
    vi.spyOn(keys, 'find').mockImplementation(away);
    const page = await app.request(`http://${HOST}/`, { headers: { ...OWN_PAGE, cookie } });
    expect(page.status).toBe(503);
    expect(await page.text()).toContain('Redis is away.');
    const again = await signIn(app, APP_KEY);
    expect(again.status).toBe(503);
    expect(await again.text()).toContain('Key of this server');
  });
});

describe('the cookie', () => {
  test.each([
    ['GET', '/api/admin/status', OWN_PAGE, 200],
    ['GET', '/v1/models', OWN_PAGE, 200],
    ['GET', '/metrics', { 'sec-fetch-site': 'none' }, 200],
    ['GET', '/api/admin/status', {}, 200], // over plain HTTP browsers say no more
    ['DELETE', '/api/admin/runs/x', { origin: `http://${HOST}` }, 404],
    ['GET', '/api/admin/status', { 'sec-fetch-site': 'same-site' }, 401], // another port of this host
    ['GET', '/api/admin/status', { 'sec-fetch-site': 'cross-site' }, 401],
    ['DELETE', '/api/admin/runs/x', { 'sec-fetch-site': 'none' }, 401],
    ['DELETE', '/api/admin/runs/x', {}, 401],
    ['DELETE', '/api/admin/runs/x', { origin: 'http://localhost:3000' }, 403],
    ['DELETE', '/api/admin/runs/x', { origin: 'null' }, 403],
  ] as const)('%s %s with %o is a %i', async (method, path, headers, status) => {
    const app = createTestApp();
    const cookie = toCookie(await signIn(app, APP_KEY));
    const all = { host: HOST, cookie, ...headers };
    const response = await app.request(`http://${HOST}${path}`, { method, headers: all });
    expect(response.status).toBe(status);
  });

  test('does not help a wrong key that is sent beside it', async () => {
    const app = createTestApp();
    const headers = { cookie: toCookie(await signIn(app, APP_KEY)), ...OWN_PAGE, 'x-api-key': 'x' };
    expect((await app.request(`http://${HOST}/v1/models`, { headers })).status).toBe(401);
  });

  test('is worth nothing after signing out, nor on another server', async () => {
    const app = createTestApp();
    const cookie = toCookie(await signIn(app, APP_KEY));
    const headers = { cookie, ...OWN_PAGE };
    const other = createTestApp();
    expect((await other.request(`http://${HOST}/v1/models`, { headers })).status).toBe(401);
    await app.request(`http://${HOST}/sign-out`, { method: 'POST', headers });
    expect((await app.request(`http://${HOST}/v1/models`, { headers })).status).toBe(401);
  });
});

test.each(['/', '/assets/dashboard.js', '/dashboard/now'])(
  '%s may load nothing from elsewhere, and stand in no frame',
  async (path) => {
    const policy = (await createTestApp().request(path)).headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
  },
);

test.each([
  ['dashboard.js', 'text/javascript; charset=utf-8'],
  ['dashboard.css', 'text/css; charset=utf-8'],
  ['icon.svg', 'image/svg+xml'],
])('%s is served as it is, without a key', async (name, type) => {
  const response = await createTestApp().request(`/assets/${name}`);
  expect(response.headers.get('content-type')).toBe(type);
  expect(await response.text()).not.toMatch(/https?:\/\/(?!www\.w3\.org)/);
});

test('the packages of the map are served, and the policy allows that map and no other script', async () => {
  const app = createTestApp();
  const page = await openSignedIn(app, '/try');
  const map =
    /<script type="importmap">(?<text>[^<]+)<\/script>/.exec(page)?.groups?.['text'] ?? '';
  const { imports } = z
    .object({ imports: z.record(z.string(), z.string()) })
    .parse(JSON.parse(map));
  expect(Object.keys(imports)).toEqual(['preact', 'preact/hooks', 'htm']);
  for (const path of Object.values(imports)) {
    const response = await app.request(path);
    expect(response.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(await response.text()).not.toMatch(/\beval\(|new Function/);
  }
  const hash = createHash('sha256').update(map).digest('base64');
  const policy = (await app.request('/')).headers.get('content-security-policy');
  expect(policy).toContain(`script-src 'self' 'sha256-${hash}';`);
});

test.each(['nothing.js', '..%2Fpackage.json', 'constructor'])('%s is not', async (name) => {
  expect((await createTestApp().request(`/assets/${name}`)).status).toBe(404);
});

function signIn(app: TestApp, key: string, headers: Record<string, string> = OWN_PAGE, to = '/') {
  return Promise.resolve(
    app.request(`http://${HOST}/sign-in`, {
      method: 'POST',
      headers: { ...OWN_PAGE, ...headers },
      body: new URLSearchParams({ key, to }),
    }),
  );
}

function toCookie(response: Response) {
  return response.headers.get('set-cookie')?.split(';')[0] ?? '';
}
