import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openStateFolder, takesWrites } from '../../src/state/state-folder.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'state-folder-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('a missing state folder is made, for its owner only', async () => {
  const path = join(folder, 'deep', 'state');
  await openStateFolder(path);
  expect((await stat(path)).mode & 0o777).toBe(0o700);
});

test('a folder that is there is used as it is', async () => {
  await expect(openStateFolder(folder)).resolves.toBeUndefined();
});

test('one sentence says that the folder cannot be written', async () => {
  const file = join(folder, 'file');
  await writeFile(file, '');
  await expect(openStateFolder(join(file, 'state'))).rejects.toThrow(
    `The state folder ${join(file, 'state')} cannot be written (ENOTDIR): set STATE_DIR to a folder of your own.`,
  );
});

test('a folder with room takes what is stored; one that is gone, or whose disk holds nothing, does not', () => {
  expect(takesWrites(folder)).toBe(true);
  expect(takesWrites(join(folder, 'gone'))).toBe(false);
  expect(takesWrites('/proc')).toBe(false);
});
