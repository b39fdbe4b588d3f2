import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type BannerFacts, toBanner, toBannerJson } from '../../src/cli/banner.ts';

const key = 'ccp-0123456789abcdef';
const facts: BannerFacts = {
  version: '1.2.3',
  url: 'http://127.0.0.1:6789',
  key: { key, isNew: true, file: '/state/key' },
  claude: { path: '/bin/claude', version: '2.1.330' },
  cliStatus: { loggedIn: true, account: 'somebody@example.com' },
  isDemo: false,
};

test('the first start shows the key that it made', () => {
  expect(toBanner(facts)).toMatchInlineSnapshot(`
    "claude-code-proxy 1.2.3 listens on http://127.0.0.1:6789
    Page: http://127.0.0.1:6789/ (sign in with the key)
    Key: ccp-0123456789abcdef (new, shown only this once, kept in /state/key)
    CLI: 2.1.330, /bin/claude, logged in as somebody@example.com
    Try it:
    curl http://127.0.0.1:6789/v1/chat/completions -H "Authorization: Bearer ccp-0123456789abcdef" -H "Content-Type: application/json" -d '{"model":"sonnet","messages":[{"role":"user","content":"Say hello."}]}'"
  `);
});

test('a later start says where the key is, and the curl line reads it there', () => {
  const banner = toBanner({ ...facts, key: { key, isNew: false, file: '/state/key' } });
  expect(banner).toContain('Key: the one in /state/key\n');
  expect(banner).toContain(`"Authorization: Bearer $(cat '/state/key')"`);
  expect(banner).not.toContain(key);
});

test('a key of the operator is never shown', () => {
  const banner = toBanner({ ...facts, key: { key, isNew: false, file: undefined } });
  expect(banner).toContain('Key: the one in PROXY_API_KEY\n');
  expect(banner).toContain('"Authorization: Bearer $PROXY_API_KEY"');
  expect(banner).not.toContain(key);
});

test('a demo says so first, and has no login to speak of', () => {
  const banner = toBanner({ ...facts, isDemo: true });
  expect(banner).toMatch(/^\*\*\* DEMO \*\*\* No account and no real model/);
  expect(banner).toContain('with a dummy login\n');
});

test.each([
  [{ loggedIn: true, account: 'somebody@example.com' }, 'logged in as somebody@example.com'],
  [{ loggedIn: true, account: undefined }, 'logged in'],
  [
    { loggedIn: false, account: undefined },
    'NOT LOGGED IN: run `/bin/claude auth login`, or set ANTHROPIC_API_KEY; --demo needs',
  ],
  [{ loggedIn: undefined, account: undefined }, 'login not known yet'],
])('the login state %j is named', (cliStatus, text) => {
  expect(toBanner({ ...facts, cliStatus })).toContain(`CLI: 2.1.330, /bin/claude, ${text}`);
});

test('at most eight lines, whatever there is to say', () => {
  const cliStatus = { loggedIn: false, account: undefined };
  expect(toBanner({ ...facts, cliStatus, isDemo: true }).split('\n').length).toBeLessThanOrEqual(8);
});

test('a shell understands the curl line, even where the path of the key has blanks and quotes', () => {
  const folder = mkdtempSync(join(tmpdir(), "it's a banner "));
  const file = join(folder, 'key');
  writeFileSync(file, `${key}\n`);
  const curl = toBanner({ ...facts, key: { key, isNew: false, file } })
    .split('\n')
    .at(-1);
  const print = `curl() { printf '%s\\n' "$@"; }; ${curl}`;
  expect(execFileSync('sh', ['-c', print], { encoding: 'utf8' }).trim().split('\n')).toEqual([
    'http://127.0.0.1:6789/v1/chat/completions',
    '-H',
    `Authorization: Bearer ${key}`,
    '-H',
    'Content-Type: application/json',
    '-d',
    '{"model":"sonnet","messages":[{"role":"user","content":"Say hello."}]}',
  ]);
  rmSync(folder, { recursive: true });
});

test('for programs it is one line of JSON, with the key only when it is new', () => {
  expect(readBanner()).toEqual({
    version: '1.2.3',
    url: 'http://127.0.0.1:6789',
    key,
    keyFile: '/state/key',
    cli: {
      path: '/bin/claude',
      version: '2.1.330',
      loggedIn: true,
      account: 'somebody@example.com',
    },
    isDemo: false,
  });
  const cliStatus = { loggedIn: undefined, account: undefined };
  expect(readBanner({ key: { key, isNew: false, file: undefined }, cliStatus })).toMatchObject({
    key: null,
    keyFile: null,
    cli: { loggedIn: null, account: null },
  });
});

function readBanner(changes: Partial<BannerFacts> = {}): unknown {
  const text = toBannerJson({ ...facts, ...changes });
  expect(text).not.toContain('\n');
  return JSON.parse(text);
}
