import { once } from 'node:events';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { addKey, revokeKey } from '../../src/keys/edit-keys.ts';
import { createKeysFolder, type KeysFolder } from '../support/keys.ts';

let folder: KeysFolder;
beforeEach(async () => {
  folder = await createKeysFolder();
});
afterEach(() => folder.remove());

test('a key is kept as a hash, in a file that only its owner may read', async () => {
  const { key, id } = await addKey(folder.place, 'laptop', { scopes: ['chat'] });
  expect(key).toMatch(/^ccp-[\w-]{43}$/);
  expect(await readFile(folder.file, 'utf8')).not.toContain(key.slice(4, 20));
  expect((await stat(folder.file)).mode & 0o777).toBe(0o600);
  expect(await folder.place.read()).toEqual([
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
  expect(await folder.place.read()).toHaveLength(1);
});

test('a key is revoked by its name or its id, and the others stay', async () => {
  await folder.add({}, 'one');
  const { id } = await addKey(folder.place, 'two', { scopes: ['chat'] });
  await folder.add({}, 'three');
  await revokeKey(folder.place, 'one');
  expect(await revokeKey(folder.place, id)).not.toHaveProperty('hash');
  expect((await folder.place.read()).map(({ name }) => name)).toEqual(['three']);
  await expect(revokeKey(folder.place, 'one')).rejects.toThrow(
    'There is no key with the name or id one',
  );
});

test('a broken file is not written over', async () => {
  await writeFile(folder.file, '{"keys": 1}');
  await expect(folder.add()).rejects.toThrow(`The keys file ${folder.file} cannot be read: keys`);
  expect(await readFile(folder.file, 'utf8')).toBe('{"keys": 1}');
});

test('changes at once wait for each other, and none is lost', async () => {
  await Promise.all(['one', 'two', 'three'].map((name) => folder.add({}, name)));
  const names = (await folder.place.read()).map(({ name }) => name);
  expect(names.toSorted()).toEqual(['one', 'three', 'two']);
});

test('a change waits for one of another program, which leaves no lock behind when it is killed', async () => {
  const script = `import { createKeysFile } from ${JSON.stringify(resolve('src/keys/keys-file.ts'))};
    await createKeysFile(${JSON.stringify(folder.file)}).change(() => {
      process.stdout.write('locked');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });`;
  const other = execa('node', ['--input-type=module', '--eval', script], {
    preferLocal: true,
    reject: false,
    buffer: false,
  });
  await once(other.stdout, 'data');
  let isAdded = false;
  const adding = folder.add().then(() => (isAdded = true));
  await folder.place.read();
  expect(isAdded).toBe(false);
  other.kill('SIGKILL');
  await adding;
  expect(await folder.place.read()).toHaveLength(1);
});
