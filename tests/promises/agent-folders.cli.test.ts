import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { demoAnswer } from '../../src/demo/answers.ts';
import { toolReply } from '../../src/demo/replies.ts';
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
  proxy = await startProxy({
    settings: { ALLOWED_ROOTS: join(folder, 'allowed') },
    answer: (body) => {
      const said = JSON.stringify(body.messages);
      const path = said.includes('tool_result') ? undefined : /write (\/\S*note)/.exec(said)?.[1];
      return path
        ? toolReply([{ name: 'Write', input: { file_path: path, content: '4711' } }])
        : demoAnswer(body);
    },
  });
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

test.each([
  ['outside', 'outside', 403],
  ['behind a symlink', 'allowed/way-out', 403],
  ['missing', 'allowed/missing', 400],
  ['a file', 'allowed/file', 400],
])('an additional folder that is %s starts nothing', async (_, path, status) => {
  const response = await writeIn([join(folder, 'allowed/project'), join(folder, path)]);
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ error: { param: 'additionalDirectories' } });
  expect(proxy.model.requests).toEqual([]);
});

test('the file tools may write in an additional folder inside, and without it do not', async () => {
  const note = join(folder, 'allowed/project/note');
  expect(await (await writeIn(undefined)).json()).toMatchObject({
    permissionDenials: [{ toolName: 'Write' }],
  });
  await expect(readFile(note, 'utf8')).rejects.toThrow('ENOENT');
  expect(await (await writeIn([join(folder, 'allowed/shortcut')])).json()).toMatchObject({
    permissionDenials: [],
  });
  expect(await readFile(note, 'utf8')).toBe('4711');
});

/** Writes into a folder beside the working directory. */
function writeIn(additionalDirectories: string[] | undefined) {
  const prompt = `write ${join(folder, 'allowed/project/note')}`;
  return proxy.send('/api/run', { prompt, permissionMode: 'acceptEdits', additionalDirectories });
}

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
