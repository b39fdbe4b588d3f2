import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { joinServers } from '../../src/state/running-servers.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'servers-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('the first is alone, the second is not, and the next one is when both have ended', () => {
  const first = joinServers(folder);
  const second = joinServers(folder);
  expect([first.isAlone, second.isAlone]).toEqual([true, false]);
  first.close();
  expect(joinServers(folder).isAlone).toBe(false);
});

test('who lives on is told once when another has died, and none is left', async () => {
  const server = joinServers(folder);
  const other = joinServers(folder);
  expect(server.isLeftAlone()).toBe(false);
  await writeFile(join(folder, 'dead'), '');
  expect(server.isLeftAlone()).toBe(false);
  other.close();
  expect([server.isLeftAlone(), server.isLeftAlone()]).toEqual([true, false]);
  server.close();
});

test('what a server left that is gone counts for none, and goes', async () => {
  await writeFile(join(folder, 'left'), '');
  const server = joinServers(folder);
  expect(server.isAlone).toBe(true);
  expect(await readdir(folder)).toHaveLength(1);
  server.close();
  expect(await readdir(folder)).toEqual([]);
});
