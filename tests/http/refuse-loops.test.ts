import { expect, test } from 'vitest';

import { createTestApp, get, post } from '../support/create-test-app.ts';
import { ROUTES } from '../support/routes.ts';

const app = createTestApp();

test.each(ROUTES)('$method $path from a CLI of this server is a 508', async ({ path, body }) => {
  const mark = { 'x-hop': '1' };
  const response = body ? await post(app, path, body, mark) : await get(app, path, mark);
  expect(response.status).toBe(508);
  expect(response.headers.get('x-should-retry')).toBe('false');
  expect(await response.text()).toContain('ANTHROPIC_BASE_URL');
});
