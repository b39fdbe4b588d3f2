import { expect, test } from 'vitest';

import { leadsBack } from '../../../src/claude/launch/leads-back.ts';

test.each([
  ['http://127.0.0.1:6789', '127.0.0.1'],
  ['http://localhost:6789/v1', '127.0.0.1'],
  ['http://127.0.0.2:6789', '0.0.0.0'],
  ['http://[::1]:6789', '0.0.0.0'],
  ['http://0.0.0.0:6789', '127.0.0.1'],
  ['http://proxy.localhost:6789', 'localhost'],
  ['http://10.0.0.5:6789', '10.0.0.5'],
  ['http://LOCALHOST:6789', '::1'],
  ['http://localhost.:6789', '127.0.0.1'],
  ['http://proxy.localhost.:6789', '0.0.0.0'],
  ['http://[::ffff:127.0.0.1]:6789', '127.0.0.1'],
  ['http://127.0.0.1:6789', 'localhost.'],
  ['http://[::]:6789', '::1'],
])('%s leads back to a server on %s', (baseUrl, host) => {
  expect(leadsBack(baseUrl, { host, port: 6789 })).toBe(true);
});

test.each([
  [undefined, '127.0.0.1'],
  ['', '127.0.0.1'],
  ['no address', '127.0.0.1'],
  ['http://127.0.0.1:6790', '127.0.0.1'],
  ['https://127.0.0.1', '127.0.0.1'],
  ['https://api.anthropic.com', '0.0.0.0'],
  ['http://10.0.0.6:6789', '10.0.0.5'],
  ['http://127.0.0.1:6789', '10.0.0.5'],
])('%s does not lead back to a server on %s', (baseUrl, host) => {
  expect(leadsBack(baseUrl, { host, port: 6789 })).toBe(false);
});

test('a default port counts', () => {
  expect(leadsBack('http://localhost', { host: '127.0.0.1', port: 80 })).toBe(true);
  expect(leadsBack('https://localhost', { host: '127.0.0.1', port: 443 })).toBe(true);
});
