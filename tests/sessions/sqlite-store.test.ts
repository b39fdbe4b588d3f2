import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { SessionStore } from '../../src/sessions/session-store.ts';
import { createSqliteStore } from '../../src/sessions/sqlite-store.ts';
import { describeStore, toSession } from './store-suite.ts';

let folder: string;
let file: string;
const onSetAside = vi.fn<(report: { movedTo: string; cause: unknown }) => void>();

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sessions-'));
  file = join(folder, 'state', 'sessions.sqlite');
  onSetAside.mockReset();
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const open = (): SessionStore => createSqliteStore({ file, onSetAside });

describeStore(open);

describe('a restart', () => {
  test('finds the sessions of before', async () => {
    const before = open();
    await before.write(toSession({}));
    await before.close();

    const after = open();
    expect(await after.list('key-a')).toEqual([toSession({})]);
    expect(onSetAside).not.toHaveBeenCalled();
    await after.close();
  });

  test('finds them after a crash too, when nobody closed the file', async () => {
    const crashed = open();
    await crashed.write(toSession({}));

    const after = open();
    expect(await after.read('session-1')).toEqual(toSession({}));
    await after.close();
    await crashed.close();
  });
});

describe('a file that is of no use', () => {
  test.each([
    { name: 'is no database', spoil: () => writeFileSync(file, 'no database at all '.repeat(500)) },
    {
      name: 'is damaged in the middle',
      spoil: () => {
        const bytes = readFileSync(file);
        writeFileSync(file, bytes.fill(0x5a, 4_096));
      },
    },
    {
      name: 'comes from a version that we do not know',
      spoil: () => {
        const database = new DatabaseSync(file);
        database.exec('PRAGMA user_version = 99');
        database.close();
      },
    },
  ])('$name: it is kept under another name, reported, and a new one begun', async ({ spoil }) => {
    const before = open();
    await before.write(toSession({}));
    await before.close();
    spoil();
    const spoilt = readFileSync(file);

    const after = open();
    expect(onSetAside).toHaveBeenCalledOnce();
    expect(readFileSync(onSetAside.mock.calls[0]?.[0].movedTo ?? '')).toEqual(spoilt);
    expect(await after.count()).toBe(0);
    await after.write(toSession({ turns: 9 }));
    await after.close();

    const later = open();
    expect(await later.read('session-1')).toEqual(toSession({ turns: 9 }));
    expect(onSetAside).toHaveBeenCalledOnce();
    await later.close();
  });

  test('the log that a crash left goes along with it', async () => {
    const crashed = open();
    await crashed.write(toSession({}));
    const unknown = new DatabaseSync(file);
    unknown.exec('PRAGMA user_version = 99');

    const after = open();
    const { movedTo } = onSetAside.mock.calls[0]?.[0] ?? {};
    expect(existsSync(`${movedTo}-wal`)).toBe(true);
    expect(await after.count()).toBe(0);
    await after.close();
    unknown.close();
    await crashed.close();
  });

  test('what is not the fault of the file is thrown, and nothing is renamed', async () => {
    mkdirSync(file, { recursive: true });
    expect(open).toThrow('unable to open database file');
    expect(onSetAside).not.toHaveBeenCalled();
    expect(readdirSync(join(folder, 'state'))).toEqual(['sessions.sqlite']);
  });
});

test('the folder is readable for this user only', async () => {
  await open().close();
  expect(statSync(join(folder, 'state')).mode & 0o777).toBe(0o700);
});
