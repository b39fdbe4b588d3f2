import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findClaude } from '../../../src/claude/launch/find-claude.ts';

const bin = fileURLToPath(new URL('../../../node_modules/.bin', import.meta.url));

let folder: string;
let home: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'find-claude-'));
  home = join(folder, 'home');
  await mkdir(home);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('the real CLI is found on PATH, as under npm scripts', async () => {
  const found = await find({ PATH: `${folder}:${bin}` });
  expect(found).toEqual({
    path: join(bin, 'claude'),
    version: expect.stringMatching(/^2\.1\.\d+$/),
  });
});

test('without PATH, the npm package beside this one is found', async () => {
  const found = await findClaude({ claudePath: undefined, environment: { HOME: home } });
  expect(found.path).toContain(join('node_modules', '@anthropic-ai', 'claude-code'));
});

test('CLAUDE_PATH goes before PATH, PATH before the npm package, that before the usual places', async () => {
  const named = await writeProgram('named/claude', '3.0.1');
  const onPath = await writeProgram('path/claude', '3.0.2');
  const inPackage = await writeProgram('package/bin/claude', '3.0.3');
  const usual = await writeProgram('home/.local/bin/claude', '3.0.4');
  await writeFile(join(folder, 'package/package.json'), '{"bin":{"claude":"bin/claude"}}');
  const packageFolder = join(folder, 'package');
  const PATH = dirname(onPath);

  expect(await find({ PATH }, { claudePath: named, packageFolder })).toMatchObject({ path: named });
  expect(await find({ PATH }, { packageFolder })).toMatchObject({ path: onPath });
  expect(await find({}, { packageFolder })).toMatchObject({ path: inPackage });
  expect(await find({})).toEqual({ path: usual, version: '3.0.4' });
});

test('what does not run, or is another program of that name, is passed over', async () => {
  await mkdir(join(folder, 'one/claude'), { recursive: true });
  const noProgram = await writeProgram('two/claude', '3.0.2');
  await chmod(noProgram, 0o644);
  const other = await writeProgram('three/claude', 'no version');
  await mkdir(join(folder, 'four'));
  await symlink(join(folder, 'gone'), join(folder, 'four/claude'));
  const good = await writeProgram('five/claude', '3.0.5');
  const PATH = ['one', 'two', 'three', 'four', 'five'].map((name) => join(folder, name)).join(':');
  expect(await find({ PATH })).toMatchObject({ path: good });
  expect(dirname(other)).toBe(join(folder, 'three'));
});

test('a CLAUDE_PATH that does not work is named, whatever else there is', async () => {
  const wrong = join(folder, 'nowhere/claude');
  await expect(find({ PATH: bin }, { claudePath: wrong })).rejects.toThrow(
    `CLAUDE_PATH names ${wrong}, which is not a claude CLI that runs`,
  );
});

test('where there is none, one sentence says how to install it', async () => {
  await expect(find({ PATH: folder })).rejects.toThrow(
    'No claude CLI was found: install it with `npm install -g @anthropic-ai/claude-code`',
  );
});

test('an old one is refused with the command that updates it', async () => {
  const old = await writeProgram('old/claude', '2.1.279');
  await expect(find({ PATH: dirname(old) })).rejects.toThrow(
    `The claude CLI at ${old} is version 2.1.279, older than 2.1.280: run \`claude update\``,
  );
});

test('the oldest version that does is accepted', async () => {
  const oldest = await writeProgram('oldest/claude', '2.1.280');
  expect(await find({ PATH: dirname(oldest) })).toEqual({ path: oldest, version: '2.1.280' });
});

function find(
  environment: Record<string, string>,
  options: { claudePath?: string; packageFolder?: string } = {},
) {
  return findClaude({
    claudePath: options.claudePath,
    environment: { ...environment, HOME: home },
    packageFolder: options.packageFolder ?? join(folder, 'no-package'),
  });
}

/** A program that knows only its version. */
async function writeProgram(name: string, version: string): Promise<string> {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `#!/bin/sh\necho "${version} (Claude Code)"\n`, { mode: 0o755 });
  return path;
}
