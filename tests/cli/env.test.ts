import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { env } from '../../src/cli/env.ts';
import { createContext } from './command-context.ts';

const run = promisify(execFile);
const KEY = "it's-a-key-$(id)-`id`";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'env-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('a shell that evaluates it leads the clients here, whatever the key looks like', async () => {
  const { context, lines } = createContext(['--port', '7777'], { PROXY_API_KEY: KEY });
  expect(await env(context)).toBe(0);
  const script = `${lines.join('\n')}\nnode -p 'JSON.stringify(process.env)'`;
  const { stdout } = await run('sh', ['-c', script], { env: { PATH: process.env['PATH'] } });
  expect(JSON.parse(stdout)).toMatchObject({
    OPENAI_BASE_URL: 'http://127.0.0.1:7777/v1',
    OPENAI_API_BASE: 'http://127.0.0.1:7777/v1',
    OPENAI_API_KEY: KEY,
    ANTHROPIC_BASE_URL: 'http://127.0.0.1:7777',
    ANTHROPIC_API_KEY: KEY,
  });
});

test('the key of the state folder holds, also before the first start', async () => {
  const first = createContext(['--json'], { STATE_DIR: folder });
  await env(first.context);
  const again = createContext(['--json'], { STATE_DIR: folder });
  await env(again.context);
  const { OPENAI_API_KEY: key } = JSON.parse(first.lines.join()) as Record<string, string>;
  expect(key).toMatch(/^ccp-/);
  expect(again.lines).toEqual(first.lines);
});

test.each([
  ['0.0.0.0', 'http://127.0.0.1:6789'],
  ['::', 'http://127.0.0.1:6789'],
  ['::1', 'http://[::1]:6789'],
  ['proxy.lan', 'http://proxy.lan:6789'],
])('a server on %s is reached at %s', async (host, url) => {
  const { context, lines } = createContext(['--json'], { HOST: host, PROXY_API_KEY: KEY });
  await env(context);
  expect(JSON.parse(lines.join())).toMatchObject({ ANTHROPIC_BASE_URL: url });
});

test('any port is no port that a client could use', async () => {
  const { context } = createContext([], { PORT: '0', PROXY_API_KEY: KEY });
  await expect(env(context)).rejects.toThrow('PORT is 0');
});
