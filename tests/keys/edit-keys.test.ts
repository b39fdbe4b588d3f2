import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { addKey, revokeKey } from '../../src/keys/edit-keys.ts';
import { readKeysFile } from '../../src/keys/keys-file.ts';
import { createKeysFolder, type KeysFolder } from '../support/keys.ts';

let folder: KeysFolder;
beforeEach(async () => {
  folder = await createKeysFolder();
});
afterEach(() => folder.remove());

test('a key is kept as a hash, in a file that only its owner may read', async () => {
  const { key, id } = await addKey(folder.file, 'laptop', { scopes: ['chat'] });
  expect(key).toMatch(/^ccp-[\w-]{43}$/);
  expect(await readFile(folder.file, 'utf8')).not.toContain(key.slice(4, 20));
  expect((await stat(folder.file)).mode & 0o777).toBe(0o600);
  expect(await readKeysFile(folder.file)).toEqual([
    {
      id,
      name: 'laptop',
      scopes: ['chat'],
      createdAt: expect.any(String),
      hash: expect.stringMatching(/^[\da-f]{64}$/),
    },
  ]);
});

test('two keys have two names', async () => {
  await folder.add({}, 'laptop');
  await expect(folder.add({}, 'laptop')).rejects.toThrow('There is a key named laptop already');
  expect(await readKeysFile(folder.file)).toHaveLength(1);
});

test('a key is revoked by its name or its id, and the others stay', async () => {
  await folder.add({}, 'one');
  const { id } = await addKey(folder.file, 'two', { scopes: ['chat'] });
  await folder.add({}, 'three');
  await revokeKey(folder.file, 'one');
  expect(await revokeKey(folder.file, id)).not.toHaveProperty('hash');
  expect((await readKeysFile(folder.file)).map(({ name }) => name)).toEqual(['three']);
  await expect(revokeKey(folder.file, 'one')).rejects.toThrow(
    'There is no key with the name or id one',
  );
});

test('a broken file is not written over', async () => {
  await writeFile(folder.file, '{"keys": 1}');
  await expect(folder.add()).rejects.toThrow(`The keys file ${folder.file} cannot be read: keys`);
  expect(await readFile(folder.file, 'utf8')).toBe('{"keys": 1}');
});

test('of two changes at once neither is lost unsaid', async () => {
  const adding = await Promise.allSettled([folder.add(), folder.add(), folder.add()]);
  const added = adding.filter(({ status }) => status === 'fulfilled');
  expect(await readKeysFile(folder.file)).toHaveLength(added.length);
  expect(await readdir(folder.path)).toEqual(['keys.json']);
});
