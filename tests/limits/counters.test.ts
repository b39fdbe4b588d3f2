import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { COUNTERS_SCHEMA, createCounters } from '../../src/limits/counters.ts';
import { openCounters } from '../../src/limits/open-counters.ts';
import { describeCounters, describePlaces } from './limits-suite.ts';
import { createPlaces } from '../../src/limits/places.ts';

const DAY_MS = 86_400_000;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'counters-'));
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterEach(async () => {
  vi.useRealTimers();
  await rm(folder, { recursive: true, force: true });
});

const open = () => {
  const log = { error: () => undefined, info: () => undefined };
  const { counters, close } = openCounters({ stateDir: folder, leaseMs: 5000, log });
  return { ...counters, close };
};

describeCounters(() => {
  const [one, other] = [open(), open()];
  const close = () => [one, other].forEach((counters) => counters.close());
  return Promise.resolve({ counters: [one, other], close });
});

describePlaces(() => {
  const places = createPlaces(); // of one server alone
  return Promise.resolve([places, places]);
});

test('what was counted survives a restart, with the end of its window', async () => {
  const before = open();
  await before.add('tokensPerDay', 'key-a', 700);
  before.close();
  vi.setSystemTime(Date.now() + 3_600_000);

  const after = open();
  expect(await after.read('tokensPerDay', 'key-a')).toEqual({
    used: 700,
    msLeft: DAY_MS - 3_600_000,
  });
  expect(await after.add('tokensPerDay', 'key-a', 50)).toMatchObject({ used: 750 });
  expect(await after.read('tokensPerDay', 'key-b')).toEqual({ used: 0, msLeft: 0 });
  after.close();
});

test('a window that is over begins anew, and is forgotten', async () => {
  const counters = open();
  await counters.add('requestsPerMinute', 'key-a', 5);
  vi.setSystemTime(Date.now() + 60_001);
  expect(await counters.read('requestsPerMinute', 'key-a')).toEqual({ used: 0, msLeft: 0 });
  await counters.removeExpired();
  counters.close();

  const file = new DatabaseSync(join(folder, 'limits.db'));
  expect(file.prepare('SELECT count(*) AS count FROM counters').get()).toEqual({ count: 0 });
  file.close();
});

test('a clock that is put back does not make a window longer', async () => {
  const counters = open();
  await counters.add('requestsPerMinute', 'key-a', 5);
  vi.setSystemTime(Date.now() - DAY_MS);
  expect(await counters.add('requestsPerMinute', 'key-a', 1)).toEqual({ used: 1, msLeft: 60_000 });
  counters.close();
});

test('when the database fails, the counters go on from what it held, and say so once', async () => {
  const database = new DatabaseSync(':memory:');
  database.exec(COUNTERS_SCHEMA);
  const problems: unknown[] = [];
  const counters = createCounters({ database, onProblem: (error) => problems.push(error) });
  await counters.add('requestsPerMinute', 'key-a', 2);
  expect(counters.isInMemory()).toBe(false);

  database.exec('PRAGMA query_only = 1');
  await counters.add('requestsPerMinute', 'key-a', 1);
  expect(await counters.add('requestsPerMinute', 'key-a', 1)).toMatchObject({ used: 4 });
  expect(await counters.read('requestsPerMinute', 'key-a')).toMatchObject({ used: 4 });
  expect([counters.isInMemory(), problems.length]).toEqual([true, 1]);

  database.exec('PRAGMA query_only = 0');
  expect(await counters.add('requestsPerMinute', 'key-a', 1)).toMatchObject({ used: 5 });
  expect(counters.isInMemory()).toBe(false);
  expect(database.prepare('SELECT points FROM counters').all()).toEqual([{ points: 5 }]);
  database.close();
});

test('when the disk is full, every count still counts', async () => {
  const file = join(folder, 'limits.db');
  const problems: unknown[] = [];
  const database = new DatabaseSync(file);
  database.exec(`PRAGMA journal_mode = WAL; ${COUNTERS_SCHEMA}`);
  // As on a full disk (SQLITE_FULL), a commit may not make the file larger.
  const { page_count: pages } = database.prepare('PRAGMA page_count').get() ?? {};
  database.exec(`PRAGMA max_page_count = ${Number(pages)}`);
  const counters = createCounters({ database, onProblem: (error) => problems.push(error) });
  for (let number = 0; problems.length === 0; number += 1) {
    await counters.add('tokensPerDay', `filler-${number}`, 1);
  }
  for (let used = 1; used <= 10; used += 1) {
    const keyId = 'key-a'.repeat(800);
    expect(await counters.add('requestsPerMinute', keyId, 1)).toMatchObject({ used });
  }
  expect(problems).toEqual([expect.objectContaining({ message: expect.stringContaining('full') })]);
  database.close();
});
