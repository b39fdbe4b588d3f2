import { rm, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { revokeKey, rotateKey } from '../../src/keys/edit-keys.ts';
import { createKeyBook } from '../../src/keys/key-book.ts';
import { createKeysFolder, type KeysFolder } from '../support/keys.ts';

const OWNER_KEY = 'owner-key-0123456789';

let folder: KeysFolder;
let problems: unknown[];
beforeEach(async () => {
  folder = await createKeysFolder();
  problems = [];
});
afterEach(() => folder.remove());

const open = () =>
  createKeyBook({
    ownerKey: OWNER_KEY,
    place: folder.place,
    onProblem: (error) => problems.push(error),
  });

test('without a file the owner’s key holds alone, and may do everything', async () => {
  const book = open();
  expect(await book.find([OWNER_KEY])).toEqual({
    id: 'default',
    name: 'owner',
    scopes: ['chat', 'agent', 'admin'],
    mcpHosts: ['*'],
  });
  expect(await book.find(['another-key-0123456789', ''])).toBeUndefined();
});

test('the text that a key had ends when its time is over', async () => {
  let time = Date.UTC(2026, 10, 28);
  const old = await folder.add({}, 'laptop');
  const book = createKeyBook({ ownerKey: OWNER_KEY, place: folder.place, now: () => time });
  const { id } = (await book.named('laptop')) ?? { id: '' };
  const { key } = await rotateKey(folder.place, id, { overlapSeconds: 60 }, () => new Date(time));
  time += 59_999;
  expect(await book.find([old])).toMatchObject({ id });
  time += 1;
  expect(await book.find([old])).toBeUndefined();
  expect(await book.find([key])).toMatchObject({ id });
});

test('a key that is added holds at once, and one that is revoked no more', async () => {
  const book = open();
  await book.find([OWNER_KEY]);
  const key = await folder.add({ models: ['sonnet'] }, 'laptop');
  const found = await book.find(['something else', key]);
  expect(found).toMatchObject({ name: 'laptop', scopes: ['chat'], models: ['sonnet'] });
  expect(await book.get(found?.id ?? '')).toEqual(found);

  await revokeKey(folder.place, 'laptop');
  expect(await book.find([key])).toBeUndefined();
  expect(await book.get(found?.id ?? '')).toBeUndefined();
});

test('a revoked key is refused to all who come together, and a new one known to all of them', async () => {
  const book = open();
  const [old, other] = [await folder.add({}, 'old'), await folder.add({}, 'other')];
  const { id = '' } = (await book.find([old])) ?? {};
  await revokeKey(folder.place, 'old');
  const asked = Array.from({ length: 64 }, () => Promise.all([book.find([old]), book.get(id)]));
  expect(new Set((await Promise.all(asked)).flat())).toEqual(new Set([undefined]));

  const added = await folder.add({}, 'new');
  const found = await Promise.all(Array.from({ length: 64 }, () => book.find([added])));
  expect(new Set(found.map((key) => key?.name))).toEqual(new Set(['new']));
  expect(await book.find([other])).toMatchObject({ name: 'other' });
});

test('a change while others look at the file counts for whoever comes after it', async () => {
  const book = open();
  const key = await folder.add({}, 'laptop');
  for (let round = 0; round < 20; round += 1) {
    const looking = Array.from({ length: 8 }, () => book.find([key]));
    await folder.add({}, `other-${round}`);
    looking.push(book.find([OWNER_KEY]));
    expect((await Promise.all(looking)).map((found) => found?.name)).toEqual([
      ...Array.from({ length: 8 }, () => 'laptop'),
      'owner',
    ]);
  }
  await revokeKey(folder.place, 'laptop');
  expect(await book.find([key])).toBeUndefined();
});

test('a hash is no key', async () => {
  const key = await folder.add();
  const book = open();
  const found = await book.find([key]);
  expect(JSON.stringify(found)).not.toContain(key);
  expect(await book.find([JSON.stringify(found), found?.id ?? ''])).toBeUndefined();
});

test.for(['{"keys": [', '{"keys": [{"id": "default"}]}', '[]', ''])(
  'a file that says %j leaves the keys read last, and is told once',
  async (text) => {
    const book = open();
    const key = await folder.add();
    await book.find([key]);
    await writeFile(folder.file, text);
    expect(await book.find([key])).toBeDefined();
    expect(await book.find([OWNER_KEY])).toBeDefined();
    expect(problems).toEqual([
      expect.objectContaining({ message: expect.stringContaining(folder.file) }),
    ]);
  },
);

test('a file that is broken at the start leaves the owner’s key', async () => {
  await writeFile(folder.file, 'oops');
  const book = open();
  expect(await book.find([OWNER_KEY])).toBeDefined();
  await expect.poll(() => problems).toHaveLength(1);
});

test('a file that is deleted takes its keys away', async () => {
  const book = open();
  const key = await folder.add();
  expect(await book.find([key])).toBeDefined();
  await rm(folder.file);
  expect(await book.find([key])).toBeUndefined();
  expect(problems).toEqual([]);
});
