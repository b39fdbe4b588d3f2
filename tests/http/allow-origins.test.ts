import { describe, expect, test } from 'vitest';

import { createTestApp, get } from '../support/create-test-app.ts';
import { ROUTES } from '../support/routes.ts';

const ORIGIN = 'https://chat.example.com';
const WANTED =
  'authorization,content-type,x-api-key,anthropic-version,anthropic-dangerous-direct-browser-access,x-stainless-os';

const app = createTestApp({ settings: { corsOrigins: [ORIGIN] } });

function preflight(path: string, method: string, origin = ORIGIN) {
  return app.request(path, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': method,
      'access-control-request-headers': WANTED,
    },
  });
}

describe.each([...ROUTES, { method: 'GET', path: '/health' }])(
  '$method $path',
  ({ method, path }) => {
    test('lets the preflight of an allowed page through, which bears no key', async () => {
      const response = await preflight(path, method);
      expect(response.status).toBe(204);
      expect(response.headers.get('access-control-allow-origin')).toBe(ORIGIN);
      expect(response.headers.get('access-control-allow-headers')).toBe(WANTED);
      expect(response.headers.get('access-control-allow-methods')?.split(',')).toContain(method);
    });

    test('does not name a page that is not allowed', async () => {
      const response = await preflight(path, method, 'https://evil.example.com');
      expect(response.headers.get('access-control-allow-origin')).toBeNull();
    });
  },
);

test('an allowed page may read what clients act on, in failures too', async () => {
  for (const path of ['/v1/models', '/nothing']) {
    const { headers } = await get(app, path, { origin: ORIGIN });
    expect(headers.get('access-control-allow-origin')).toBe(ORIGIN);
    const exposed = headers.get('access-control-expose-headers')?.split(',');
    expect(exposed).toEqual(
      expect.arrayContaining([
        'x-request-id',
        'request-id',
        'retry-after',
        'retry-after-ms',
        'x-should-retry',
      ]),
    );
  }
  const refused = await app.request('/v1/models', { headers: { origin: ORIGIN } });
  expect(refused.status).toBe(401);
  expect(refused.headers.get('access-control-allow-origin')).toBe(ORIGIN);
});

test('`*` allows every page', async () => {
  const open = createTestApp({ settings: { corsOrigins: ['*'] } });
  const { headers } = await get(open, '/v1/models', { origin: 'https://anyone.example.com' });
  expect(headers.get('access-control-allow-origin')).toBe('*');
});

test('without origins no page may call, and a preflight is refused', async () => {
  const closed = createTestApp();
  const asked = await get(closed, '/v1/models', { origin: ORIGIN });
  expect(asked.headers.get('access-control-allow-origin')).toBeNull();
  const response = await closed.request('/v1/models', {
    method: 'OPTIONS',
    headers: { origin: ORIGIN, 'access-control-request-method': 'GET' },
  });
  expect(response.status).toBe(403);
});
