import { mkdir, mkdtemp, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  resolveWorkingDirectory,
  withWorkingDirectory,
} from '../../src/layers/with-working-directory.ts';
import {
  createRecordingRun,
  readAll,
  toAgentRequest,
  toModelRequest,
} from '../sessions/agent-request.ts';

/** `<base>/root/{project,file,out → ../outside,…}` may be worked in, `<base>/{outside,root-2}` may not. */
let base: string;
let options: { defaultFolder: string; allowedRoots: string[]; stateFolder: string };

beforeEach(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), 'folders-')));
  const root = join(base, 'root');
  await mkdir(join(root, 'project', 'deep'), { recursive: true });
  await mkdir(join(base, 'outside'));
  await mkdir(join(base, 'root-2'));
  await writeFile(join(root, 'file'), '');
  await symlink(join(base, 'outside'), join(root, 'out'));
  await symlink(join(base, 'outside', 'missing'), join(root, 'out-to-missing'));
  await symlink('project', join(root, 'alias'));
  await symlink('circle', join(root, 'circle'));
  await symlink(root, join(base, 'outside', 'back'));
  options = { defaultFolder: root, allowedRoots: [root], stateFolder: join(base, 'state') };
});

afterEach(async () => {
  await rm(base, { recursive: true, force: true });
});

const resolveWanted = (wanted: string | undefined): Promise<string> =>
  resolveWorkingDirectory(wanted?.replace('BASE', base), options);

describe('allowed', () => {
  test.each([
    { name: 'a root', wanted: 'BASE/root', path: 'root' },
    { name: 'a folder inside', wanted: 'BASE/root/project/deep', path: 'root/project/deep' },
    { name: 'a relative one, from the default folder', wanted: 'project', path: 'root/project' },
    { name: 'with .. that stays inside', wanted: 'project/../project', path: 'root/project' },
    { name: 'a symlink that stays inside', wanted: 'alias/deep', path: 'root/project/deep' },
    {
      name: 'a way round that leads back inside',
      wanted: 'BASE/outside/back/project',
      path: 'root/project',
    },
  ])('$name', async ({ wanted, path }) => {
    expect(await resolveWanted(wanted)).toBe(join(base, path));
  });

  test('the default folder, although it lies in the state folder', async () => {
    options.stateFolder = base;
    expect(await resolveWanted('project')).toBe(join(base, 'root/project'));
  });

  test('a root may itself be a symlink', async () => {
    options.allowedRoots = [join(base, 'outside', 'back')];
    expect(await resolveWanted('project')).toBe(join(base, 'root/project'));
  });

  test('none wanted: the default folder, made if missing', async () => {
    options.defaultFolder = join(base, 'home', 'workspace');
    expect(await resolveWanted(undefined)).toBe(options.defaultFolder);
    expect(await readdir(options.defaultFolder)).toEqual([]);
  });
});

describe('forbidden, in the same words whether it exists or not', () => {
  test.each([
    { name: 'a folder outside', wanted: 'BASE/outside' },
    { name: 'nothing, outside', wanted: 'BASE/outside/missing' },
    { name: 'outside by ..', wanted: '../outside' },
    { name: 'nothing, outside by ..', wanted: 'missing/../../missing' },
    { name: 'outside by a symlink', wanted: 'out' },
    { name: 'nothing, behind a symlink to the outside', wanted: 'out/missing' },
    { name: 'nothing, by a symlink that points there', wanted: 'out-to-missing' },
    { name: 'a neighbour whose name begins like a root', wanted: 'BASE/root-2' },
    { name: 'the folder above', wanted: '..' },
    { name: 'a circle of symlinks', wanted: 'circle' },
    { name: 'the whole disk', wanted: '/' },
  ])('$name', async ({ wanted }) => {
    await expect(resolveWanted(wanted)).rejects.toMatchObject({
      code: 'forbidden',
      param: 'workingDirectory',
      message: 'The working directory must lie inside an allowed folder.',
    });
  });

  test('the state folder and what lies in it, although the root holds them', async () => {
    options.stateFolder = join(base, 'root/project');
    options.defaultFolder = join(base, 'root/project/deep');
    for (const wanted of [
      'BASE/root/project',
      'BASE/root/alias',
      '../keys',
      'BASE/root/project/x',
    ]) {
      await expect(resolveWanted(wanted)).rejects.toMatchObject({
        code: 'forbidden',
        message: 'The working directory must lie inside an allowed folder.',
      });
    }
    expect(await resolveWanted('BASE/root')).toBe(join(base, 'root'));
  });

  test('everything, when no root is allowed', async () => {
    options.allowedRoots = [];
    await expect(resolveWanted('project')).rejects.toMatchObject({ code: 'forbidden' });
  });
});

test.each([
  { name: 'missing', wanted: 'missing' },
  { name: 'missing, under what is missing', wanted: 'missing/deep' },
  { name: 'a file', wanted: 'file' },
  { name: 'under a file', wanted: 'file/deep' },
  { name: 'no possible name', wanted: 'a\0b' },
])('inside but $name: invalid-request, and nothing is made', async ({ wanted }) => {
  const before = await readdir(options.defaultFolder);
  await expect(resolveWanted(wanted)).rejects.toMatchObject({
    code: 'invalid-request',
    param: 'workingDirectory',
  });
  expect(await readdir(options.defaultFolder)).toEqual(before);
});

describe('withWorkingDirectory', () => {
  const { signal } = new AbortController();
  const session = { id: 'some-session', isNew: false };

  test.each([
    { name: 'none: the default folder', agent: {}, path: 'root' },
    { name: 'a relative one', agent: { workingDirectory: 'alias' }, path: 'root/project' },
    {
      name: 'one for a session that goes on',
      agent: { workingDirectory: 'alias', session },
      path: 'root/project',
    },
  ])("an agent's run gets the real path of $name", async ({ agent, path }) => {
    const { run, requests } = createRecordingRun();
    const request = toAgentRequest(agent);
    await readAll(withWorkingDirectory(run, options)(request, signal));
    expect(requests).toEqual([
      { ...request, agent: { ...request.agent, workingDirectory: join(base, path) } },
    ]);
  });

  test.each([
    { name: 'a request without an agent', request: toModelRequest() },
    { name: 'a session that goes on and names no folder', request: toAgentRequest({ session }) },
  ])('$name passes untouched', async ({ request }) => {
    const { run, requests } = createRecordingRun();
    await readAll(withWorkingDirectory(run, options)(request, signal));
    expect(requests[0]).toBe(request);
  });

  test('a forbidden one never reaches the run', async () => {
    const { run, requests } = createRecordingRun();
    const request = toAgentRequest({ workingDirectory: '/' });
    await expect(
      readAll(withWorkingDirectory(run, options)(request, signal)),
    ).rejects.toMatchObject({ code: 'forbidden' });
    expect(requests).toEqual([]);
  });
});
