import { readFile, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { createKeyStore, type KeyStore } from '../../src/keys/key-store.ts';
import { createKeysFolder, type KeysFolder } from '../support/keys.ts';

let folder: KeysFolder;
let store: KeyStore;
beforeEach(async () => {
  folder = await createKeysFolder();
  store = createKeyStore(folder.place);
});
afterEach(() => folder.remove());

test('keys are listed without what could be used', async () => {
  const { key, ...shown } = await store.add('laptop', { scopes: ['chat'], tokensPerDay: 10 });
  expect(await store.list()).toEqual([shown]);
  expect(shown).not.toHaveProperty('hash');
  expect(JSON.stringify(await store.list())).not.toContain(key);
});

test('new rules take the place of all the old ones; the key stays the same', async () => {
  const { key: _key, ...added } = await store.add('laptop', { scopes: ['chat'], tokensPerDay: 10 });
  await store.add('other', { scopes: ['chat'] });
  const { hash } = JSON.parse(await readFile(folder.file, 'utf8')).keys[0];
  const changed = await store.change(added.id, { scopes: ['agent'], usdPerDay: 2 });
  const { tokensPerDay: _old, ...rest } = added;
  expect(changed).toEqual({ ...rest, scopes: ['agent'], usdPerDay: 2 });
  expect((await store.list()).map(({ name }) => name)).toEqual(['laptop', 'other']);
  expect(JSON.parse(await readFile(folder.file, 'utf8')).keys[0].hash).toBe(hash);
});

test('changes at the same time all happen, one after the other', async () => {
  const names = ['one', 'two', 'three', 'four'];
  await Promise.all(names.map((name) => store.add(name, { scopes: ['chat'] })));
  expect((await store.list()).map(({ name }) => name)).toEqual(names);
});

test('a key that is named like the id of another one does not stand in for it', async () => {
  const { id } = await store.add('first', { scopes: ['chat'] });
  await store.revoke(id);
  await store.add(id, { scopes: ['chat'] }); // the name is an id that there is no more
  const second = await store.add('second', { scopes: ['chat'] });
  await store.add(second.id, { scopes: ['chat'] });
  expect(await store.revoke(second.id)).toMatchObject({ name: 'second' });
});

test('what cannot be done is told with its code', async () => {
  const { id } = await store.add('laptop', { scopes: ['chat'] });
  await expect(store.add('laptop', { scopes: ['chat'] })).rejects.toMatchObject({
    code: 'invalid-request',
    param: 'name',
  });
  await store.revoke(id);
  await expect(store.revoke(id)).rejects.toMatchObject({ code: 'not-found' });
  await expect(store.change(id, { scopes: ['chat'] })).rejects.toMatchObject({ code: 'not-found' });
  await writeFile(folder.file, '{');
  await expect(store.list()).rejects.toMatchObject({
    code: 'internal',
    message: expect.stringContaining('it is not JSON'),
  });
});
