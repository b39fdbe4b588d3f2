import { readdir } from 'node:fs/promises';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { createKeysFile, moveKeysFile } from '../../src/keys/keys-file.ts';
import { createKeysFolder, type KeysFolder } from '../support/keys.ts';
import { describeKeyPlace } from './place-suite.ts';

let folder: KeysFolder;
let elsewhere: KeysFolder;
beforeEach(async () => {
  [folder, elsewhere] = [await createKeysFolder(), await createKeysFolder()];
});
afterEach(() => Promise.all([folder.remove(), elsewhere.remove()]));

describeKeyPlace(() => Promise.resolve([createKeysFile(folder.file), createKeysFile(folder.file)]));

test('keys move once, and to a place that has none', async () => {
  await folder.add({}, 'first');
  const toEmpty = { ...elsewhere.place, readState: () => Promise.resolve('') };
  await moveKeysFile(folder.path, toEmpty);
  expect((await elsewhere.place.read()).map(({ name }) => name)).toEqual(['first']);
  expect(await readdir(folder.path)).not.toContain('keys.json');
  expect(await readdir(folder.path)).toContain('keys.json.moved');

  await folder.add({}, 'second');
  await moveKeysFile(folder.path, elsewhere.place);
  expect((await elsewhere.place.read()).map(({ name }) => name)).toEqual(['first']);
  expect(await folder.place.read()).toEqual([]);
});
