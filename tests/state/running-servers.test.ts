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

test('the first is alone, the second is not, and the next one is when all have ended', () => {
  const first = joinServers(folder);
  const second = joinServers(folder);
  expect([first.isAlone, second.isAlone]).toEqual([true, false]);
  first.close();
  const third = joinServers(folder);
  expect(third.isAlone).toBe(false);
  second.close();
  third.close();
  const last = joinServers(folder);
  expect(last.isAlone).toBe(true);
  last.close();
});

test('each knows which of the others runs, and what has ended never does again', () => {
  const [one, other] = [joinServers(folder), joinServers(folder)];
  expect([one.isRunning(one.id), one.isRunning(other.id)]).toEqual([true, true]);
  expect(one.isRunning('nobody')).toBe(false);
  other.close();
  expect(one.isRunning(other.id)).toBe(false);
  one.close();
});

test('what a server left that is gone counts for none, and goes', async () => {
  await writeFile(join(folder, 'left'), '');
  const server = joinServers(folder);
  expect(server.isAlone).toBe(true);
  expect(await readdir(folder)).toHaveLength(1);
  server.close();
  expect(await readdir(folder)).toEqual([]);
});
