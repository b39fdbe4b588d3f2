import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { createSqliteStore } from '../../src/responses/sqlite-store.ts';
import { describeStore, toStored } from './store-suite.ts';

let folder: string;
let file: string;
const onSetAside = vi.fn<(report: { movedTo: string; cause: unknown }) => void>();

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'responses-'));
  file = join(folder, 'state', 'responses.db');
  onSetAside.mockReset();
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const open = () => createSqliteStore({ file, onSetAside }, 'this server');

describeStore(open);

test('a restart finds the responses of before, after a crash too', async () => {
  const crashed = open();
  await crashed.write(toStored({}));

  const after = open();
  expect(await after.read('resp_1')).toEqual(toStored({}));
  expect(onSetAside).not.toHaveBeenCalled();
  await after.close();
  await crashed.close();
});

test('a file that is damaged is kept under another name, reported, and a new one begun', async () => {
  const before = open();
  await before.write(toStored({}));
  await before.close();
  const spoilt = readFileSync(file).fill(0x5a, 4_096);
  writeFileSync(file, spoilt);

  const after = open();
  expect(onSetAside).toHaveBeenCalledOnce();
  expect(readFileSync(onSetAside.mock.calls[0]?.[0].movedTo ?? '')).toEqual(spoilt);
  expect(await after.read('resp_1')).toBeUndefined();
  await after.write(toStored({ id: 'resp_2' }));
  await after.close();

  const later = open();
  expect(await later.read('resp_2')).toEqual(toStored({ id: 'resp_2' }));
  await later.close();
});

test('the folder is readable for this user only', async () => {
  await open().close();
  expect(statSync(join(folder, 'state')).mode & 0o777).toBe(0o700);
});
