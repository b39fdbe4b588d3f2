import { describe, expect, test } from 'vitest';

import { isHostEntry, isOnListedHost } from '../../src/common/host-list.ts';

test.each([
  'tools.example.com',
  'tools.example.com:8443',
  '127.0.0.1',
  '127.0.0.1:9000',
  '::1',
  '[::1]:9000',
  'localhost',
])('%s is a host', (text) => {
  expect(isHostEntry(text)).toBe(true);
});

test.each([
  '',
  'https://example.com',
  'example.com/path',
  'a b',
  'a:b',
  'user@host',
  '*',
  '[::1',
  '10.0.0.0/8',
])('%j is none', (text) => {
  expect(isHostEntry(text)).toBe(false);
});

describe('an address', () => {
  test.each([
    ['https://tools.example.com/mcp', 'tools.example.com'],
    ['https://TOOLS.example.com./mcp', 'tools.Example.com'],
    ['https://tools.example.com/mcp', 'tools.example.com:443'],
    ['http://tools.example.com/mcp', 'tools.example.com:80'],
    ['http://127.0.0.1:9000/', '127.0.0.1:9000'],
    ['http://0x7f.1:9000/', '127.0.0.1'],
    ['http://[0:0::1]:9000/', '[::1]:9000'],
    ['http://[::1]/', '::1'],
  ])('%s is on %s', (url, entry) => {
    expect(isOnListedHost(url, ['other', entry])).toBe(true);
  });

  test.each([
    ['https://tools.example.com:8443/', 'tools.example.com:443'],
    ['https://evil.com/tools.example.com', 'tools.example.com'],
    ['https://tools.example.com@evil.com/', 'tools.example.com'],
    ['https://tools.example.com.evil.com/', 'tools.example.com'],
    ['https://a.tools.example.com/', 'tools.example.com'],
    ['http://127.0.0.2/', '127.0.0.1'],
  ])('%s is not on %s', (url, entry) => {
    expect(isOnListedHost(url, [entry])).toBe(false);
  });

  test('is on no host of an empty list', () => {
    expect(isOnListedHost('http://localhost/', [])).toBe(false);
  });
});
