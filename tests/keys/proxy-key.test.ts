import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readOrCreateKey, toKeyFile } from '../../src/keys/proxy-key.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'proxy-key-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('the first start makes a key in a file that only its owner may read', async () => {
  const { key, isNew } = await readOrCreateKey(folder);
  expect(isNew).toBe(true);
  expect(key).toMatch(/^ccp-[\w-]{32,}$/);
  expect(await readFile(toKeyFile(folder), 'utf8')).toBe(`${key}\n`);
  expect(await modeOfKeyFile()).toBe(0o600);
  expect(await readdir(folder)).toEqual(['key']);
});

test('the next start reads the same key', async () => {
  const { key } = await readOrCreateKey(folder);
  expect(await readOrCreateKey(folder)).toEqual({ key, isNew: false });
});

test('of several that start at the same time, one makes the key and all have it', async () => {
  const keys = await Promise.all(Array.from({ length: 8 }, () => readOrCreateKey(folder)));
  expect(new Set(keys.map(({ key }) => key)).size).toBe(1);
  expect(keys.filter(({ isNew }) => isNew)).toHaveLength(1);
});

test('a file that others may read is closed to them', async () => {
  await readOrCreateKey(folder);
  await chmod(toKeyFile(folder), 0o644);
  await readOrCreateKey(folder);
  expect(await modeOfKeyFile()).toBe(0o600);
});

test('a key that the operator wrote into the file holds', async () => {
  await writeFile(toKeyFile(folder), 'my-own-key-of-the-house');
  expect((await readOrCreateKey(folder)).key).toBe('my-own-key-of-the-house');
});

test('a file without a key is named, and is left as it is', async () => {
  await writeFile(toKeyFile(folder), 'short');
  await expect(readOrCreateKey(folder)).rejects.toThrow(`${toKeyFile(folder)} holds no key`);
  expect(await readFile(toKeyFile(folder), 'utf8')).toBe('short');
});

async function modeOfKeyFile(): Promise<number> {
  return (await stat(toKeyFile(folder))).mode & 0o777;
}
