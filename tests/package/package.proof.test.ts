import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { endProgram, startProgram } from '../support/start-program.ts';

const ROOT = join(import.meta.dirname, '../..');
const TOOLS = join(ROOT, 'node_modules/.bin');
const PATH = [TOOLS, process.env['PATH']].join(delimiter);

const run = promisify(execFile);

type Packed = { filename: string; files: readonly { path: string }[] };

const FOLDERS = ['assets', 'deploy', 'dist', 'docs', 'examples'];

let folder: string;
let packed: Packed;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'package-'));
  await Promise.all([mkdir(join(folder, 'home')), mkdir(join(folder, 'empty'))]);
  // Builds too: `prepack`. What the build prints stands before the JSON.
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], {
    cwd: ROOT,
  });
  packed = readPacked(stdout.slice(stdout.search(/^[[{]\n/m)));
}, 240_000);
afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));

test('the package holds what runs and what a reader needs, and nothing else', async () => {
  const paths = packed.files.map(({ path }) => path);
  const beside = paths.filter((path) => !FOLDERS.some((name) => path.startsWith(`${name}/`)));
  expect(beside.toSorted()).toEqual([
    '.env.example',
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'SECURITY.md',
    'package.json',
    'wrangler-free.md',
  ]);
  for (const name of FOLDERS.filter((one) => one !== 'dist')) {
    const tracked = await run('git', ['ls-files', name], { cwd: ROOT });
    expect(paths.filter((path) => path.startsWith(`${name}/`)).toSorted()).toEqual(
      tracked.stdout.trim().split('\n').toSorted(),
    );
  }
  expect(paths).toContain('dist/bin.js');
  expect(paths).toContain('dist/index.d.ts');
  expect(paths.filter((path) => path.startsWith('dist/') && !/\.(d\.ts|js)$/.test(path))).toEqual(
    [],
  );
  expect(paths.filter((path) => /test/.test(path))).toEqual([]);
});

test('the help names no file that the package lacks', async () => {
  const { stdout } = await run(process.execPath, [join(ROOT, 'dist/bin.js'), '--help']);
  const named = stdout.match(/[\w./-]+\.(md|example|json)\b/g) ?? [];
  const paths = packed.files.map(({ path }) => path);
  expect(named).toContain('SECURITY.md');
  for (const name of named) expect(paths).toContain(name);
});

test('npx serves the package from an empty folder, and it answers', async () => {
  const { stdout: cache } = await run('npm', ['config', 'get', 'cache'], { cwd: ROOT });
  const program = await startProgram(
    'npx',
    ['--yes', `../${packed.filename}`, '--demo', '--port', '0'],
    {
      cwd: join(folder, 'empty'),
      env: {
        PATH,
        HOME: join(folder, 'home'),
        TMPDIR: folder,
        LOG_LEVEL: 'silent',
        // How npm reaches its registry from this machine.
        ...pick(
          /^(npm_config_(registry|cafile|.*proxy)|NODE_EXTRA_CA_CERTS|https?_proxy|no_proxy)$/i,
        ),
        npm_config_cache: cache.trim(), // most of it was downloaded once, by `npm install`
        npm_config_prefer_offline: 'true',
      },
    },
  );
  try {
    const response = await fetch(`${program.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${program.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'sonnet',
        messages: [{ role: 'user', content: 'Say hello.' }],
      }),
    });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      choices: [{ message: { content: expect.stringContaining('Say hello.') } }],
    });
    process.kill(-program.pid, 'SIGINT'); // Ctrl-C, of which npx itself dies
    await program.exited;
  } finally {
    await endProgram(program);
  }
}, 180_000); // everything is installed anew

test('the built program says in one sentence that a Node is too old', async () => {
  const script = `
    Object.defineProperty(process.versions, 'node', { value: '20.11.1' });
    await import(${JSON.stringify(join(ROOT, 'dist/bin.js'))});`;
  const failure = await run(process.execPath, ['--input-type=module', '-e', script]).catch(
    (error: unknown) => error,
  );
  expect(failure).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(
      /^claude-code-proxy needs Node 22\.18 or newer, .*20\.11\.1.*\n$/,
    ),
  });
});

/** The variables of this process whose names match. */
function pick(name: RegExp) {
  return Object.fromEntries(Object.entries(process.env).filter(([key]) => name.test(key)));
}

/** An array of packages in npm 10, an object by name in newer ones. */
function readPacked(json: string): Packed {
  const report = JSON.parse(json) as Packed[] | Record<string, Packed>; // as npm documents it
  const [first] = Object.values(report);
  if (!first) throw new Error('npm packed nothing.');
  return first;
}
