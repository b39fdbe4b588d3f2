import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { execa } from 'execa';
import { beforeEach, expect, test } from 'vitest';

import { COMPILE_CACHE } from '../support/compile-cache.ts';
import { shareProxy } from '../support/share-proxy.ts';
import { KEY, type Proxy } from '../support/start-proxy.ts';

const EXAMPLE = join(import.meta.dirname, '../../examples/approve.ts');
const HOOKS = pathToFileURL(join(import.meta.dirname, 'resolve-package.mjs')).href;

let proxy: Proxy;
beforeEach(async () => {
  proxy = await shareProxy();
});

test.each([
  ['y', ['made']],
  ['Not now.', []],
])('it asks before a command runs, and takes %s for an answer', async (said, files) => {
  const example = execa(process.execPath, ['--import', HOOKS, EXAMPLE, 'demo:bash=touch made'], {
    env: { PATH: process.env['PATH'], PROXY_URL: proxy.url, PROXY_API_KEY: KEY, ...COMPILE_CACHE },
    extendEnv: false,
    stdin: 'pipe',
  });
  let printed = '';
  for await (const piece of example.iterable({ binary: true })) {
    printed += Buffer.from(piece).toString();
    if (printed.endsWith('(y, or why not) ')) example.stdin.write(`${said}\n`);
  }
  expect(printed).toContain('Bash {"command":"touch made"');
  expect(printed).toMatch(/\ndone, [\d.]+ USD\n$/);
  expect(await readdir(join(proxy.folder, 'workspace'))).toEqual(files);
});
