import { expect, test } from 'vitest';

import { APP_KEY, createTestApp } from '../support/create-test-app.ts';

const app = createTestApp({ settings: { corsOrigins: ['https://page.example.com'] } });

/** What everybody may see. */
const OPEN = ['/health', '/ready', '/openapi.json', '/api/hello'];

/** Every path of the document, and what else there is. */
const document = (await (await app.request('/openapi.json')).json()) as {
  paths: Record<string, Record<string, unknown>>;
};
const OPERATIONS = [
  ...Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => [method.toUpperCase(), path] as const),
  ),
  ...['/dashboard/now', '/dashboard/keys', '/v1', '/nothing', '/api'].map(
    (path) => ['GET', path] as const,
  ),
].filter(([, path]) => !OPEN.includes(path) && path !== '/metrics');

/** The same place in other words. */
const WORDINGS: Readonly<Record<string, (path: string) => string>> = {
  'as it is': (path) => path,
  'behind an open path': (path) => `/health/..${path}`,
  'behind an open path, in codes': (path) => `/health/%2e%2e${path}`,
  'with doubled slashes': (path) => path.replaceAll('/', '//'),
  'with a code in it': (path) =>
    path.replace(/[a-z]/, (one) => `%${one.charCodeAt(0).toString(16)}`),
  'with a key in the query': (path) => `${path}?key=${APP_KEY}&api_key=${APP_KEY}`,
};

const HEADERS: readonly Record<string, string>[] = [
  { authorization: APP_KEY },
  { authorization: `Basic ${btoa(`owner:${APP_KEY}`)}` },
  { authorization: 'Bearer undefined', 'x-api-key': 'null' },
  { authorization: `Bearer x, Bearer ${APP_KEY}x` },
  {
    cookie: `claude-code-proxy-default=${APP_KEY}; key=${APP_KEY}`,
    'sec-fetch-site': 'same-origin',
  },
  { 'x-forwarded-for': '127.0.0.1', 'x-original-url': '/health', 'x-http-method-override': 'GET' },
];

const ASKED = [
  ...Object.keys(WORDINGS).map((name) => [name, {}] as const),
  ...HEADERS.map((headers) => ['as it is', headers] as const),
];

test.each(ASKED)('a path %s, with %o instead of a key, is not answered', async (name, headers) => {
  for (const [method, path] of OPERATIONS) {
    const asked = WORDINGS[name]?.(path.replaceAll(/\{\w+\}/g, 'x')) ?? '';
    const response = await app.request(asked, { method, headers });
    expect({ method, asked, status: response.status }).toMatchObject({ status: 401 });
    expect(await response.text()).not.toContain(APP_KEY);
  }
});

test('a preflight tells pages that may call how, and does nothing', async () => {
  const headers = { origin: 'https://page.example.com', 'access-control-request-method': 'POST' };
  const response = await app.request('/v1/messages', { method: 'OPTIONS', headers });
  expect({ status: response.status, text: await response.text() }).toEqual({
    status: 204,
    text: '',
  });
});

test.each(OPEN)('%s answers, and tells neither a key nor an account', async (path) => {
  const response = await app.request(path);
  expect(response.status).toBe(200);
  expect(await response.text()).not.toMatch(/app-key|somebody@|\/root|\/home/);
});
