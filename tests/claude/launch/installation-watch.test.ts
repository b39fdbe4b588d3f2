import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { createInstallationWatch } from '../../../src/claude/launch/installation-watch.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'watch-test-'));
  await writeFile(join(folder, 'claude'), 'v1');
});
afterEach(() => rm(folder, { recursive: true }));

const create = () => createInstallationWatch(join(folder, 'claude'), folder);

test('what stays as it is did not change', async () => {
  const hasChanged = create();

  expect([hasChanged(), hasChanged()]).toEqual([false, false]);
});

test.each(['claude', '.credentials.json', 'settings.json'])(
  'a new %s is a change, once',
  async (name) => {
    const hasChanged = create();
    hasChanged();
    await writeFile(join(folder, name), 'something else');

    expect([hasChanged(), hasChanged()]).toEqual([true, false]);
  },
);

test('a login that went is a change', async () => {
  await writeFile(join(folder, '.credentials.json'), '{}');
  const hasChanged = create();
  hasChanged();
  await rm(join(folder, '.credentials.json'));

  expect(hasChanged()).toBe(true);
});
