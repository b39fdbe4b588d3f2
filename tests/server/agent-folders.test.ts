import { mkdir, mkdtemp, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { type Proxy, startProxy } from '../support/start-proxy.ts';

let folder: string;
let proxy: Proxy;
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'agent-folders-')));
  await mkdir(join(folder, 'allowed/project'), { recursive: true });
  await mkdir(join(folder, 'outside'));
  await symlink(join(folder, 'outside'), join(folder, 'allowed/way-out'));
  await symlink(join(folder, 'allowed/project'), join(folder, 'allowed/shortcut'));
  await writeFile(join(folder, 'allowed/file'), '');
  proxy = await startProxy({ settings: { ALLOWED_ROOTS: join(folder, 'allowed') } });
});
afterAll(async () => {
  await proxy.stop();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  proxy.model.requests.length = 0;
});

test.each([
  ['outside', 'outside'],
  ['outside and missing', 'outside/new'],
  ['with .. in it', 'allowed/../outside'],
  ['with .. and missing', 'allowed/missing/../../outside/new'],
  ['behind a symlink', 'allowed/way-out'],
  ['missing behind a symlink', 'allowed/way-out/new'],
  ['with a name that begins like the root', 'allowed-too'],
])('a folder %s is a 403, and nothing is created', async (_, path) => {
  const before = await listAll();
  const response = await runIn(`${folder}/${path}`);
  expect(response.status).toBe(403);
  expect(await response.json()).toMatchObject({
    error: { code: 'forbidden', param: 'workingDirectory' },
  });
  expect(await listAll()).toEqual(before);
  expect(proxy.model.requests).toEqual([]);
});

test.each([
  ['missing', 'allowed/missing'],
  ['a file', 'allowed/file'],
])('a folder inside that is %s is a 400, and nothing is created', async (_, path) => {
  const before = await listAll();
  const response = await runIn(join(folder, path));
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({
    error: { code: 'invalid-request', param: 'workingDirectory' },
  });
  expect(await listAll()).toEqual(before);
  expect(proxy.model.requests).toEqual([]);
});

test('a folder inside is where the tools work', async () => {
  expect(await pwdIn(join(folder, 'allowed/project'))).toBe(join(folder, 'allowed/project'));
});

test('a symlink inside leads to its real folder', async () => {
  expect(await pwdIn(join(folder, 'allowed/shortcut'))).toBe(join(folder, 'allowed/project'));
});

test('a relative folder begins at the default workspace, which is where a run without one works', async () => {
  const workspace = await realpath(proxy.folder).then((path) => join(path, 'workspace'));
  expect(await pwdIn(undefined)).toBe(workspace);
  await mkdir(join(workspace, 'part'));
  expect(await pwdIn('part')).toBe(join(workspace, 'part'));
});

function runIn(workingDirectory: string | undefined) {
  return proxy.send('/api/run', {
    prompt: 'demo:bash=pwd',
    allowedTools: ['Bash'],
    workingDirectory,
  });
}

async function pwdIn(workingDirectory: string | undefined) {
  const { result } = (await (await runIn(workingDirectory)).json()) as { result: string }; // POST /api/run
  return /^The tool said: "(.*)"\./.exec(result)?.[1];
}

async function listAll() {
  return (await readdir(folder, { recursive: true })).toSorted();
}
