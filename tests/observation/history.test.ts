import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { type History, openHistory } from '../../src/observation/history.ts';
import { createMinutes, EMPTY_MINUTE, MINUTES_SCHEMA } from '../../src/observation/minutes.ts';
import type { RunRecord } from '../../src/observation/run-record.ts';
import { RunError } from '../../src/run-error.ts';
import { NO_LOAD as IDLE } from '../../src/observation/samples.ts';
import { RECORD } from './record.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const START = Date.UTC(2026, 4, 4, 12, 30, 20);

let folder: string;
let time: number;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'history-'));
  time = START;
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('a minute adds up what ended in it', () => {
  const history = open();
  tell(history, { firstTokenMs: 500 }, { firstTokenMs: 500 }, { firstTokenMs: 4000 });
  tell(history, { outcome: 'overloaded', failure: new RunError('overloaded', 'x') });
  tell(history, { outcome: 'cancelled', failure: new RunError('cancelled', 'x') });
  const { points } = history.read('hour');
  expect(points).toHaveLength(60);
  expect(points.at(-1)).toMatchObject({
    at: Date.UTC(2026, 4, 4, 12, 30),
    requests: 5,
    errors: 1,
    inputTokens: 5 * 80,
    outputTokens: 5 * 20,
    costUsd: 1.25,
  });
  expect(points.slice(0, -1).every(({ requests }) => requests === 0)).toBe(true);
  history.close();
});

test('quantiles are right within a twelfth, over all minutes of a bucket', () => {
  const history = open();
  for (let delay = 1; delay <= 1000; delay += 1) {
    time = START - (delay % 10) * MINUTE_MS;
    tell(history, { firstTokenMs: delay * 10 });
  }
  time = START;
  const { p50 = 0, p95 = 0 } = history.read('day').points.at(-1)?.firstTokenMs ?? {};
  expect(Math.abs(p50 / 5000 - 1)).toBeLessThan(1 / 12);
  expect(Math.abs(p95 / 9500 - 1)).toBeLessThan(1 / 12);
  history.close();
});

test('the whole range has one median of all its requests, and dollars without a tail', () => {
  const history = open();
  time = START - 5 * MINUTE_MS;
  tell(history, ...Array.from({ length: 9 }, () => ({ firstTokenMs: 100, costUsd: 0.1 })));
  time = START;
  tell(history, { firstTokenMs: 9000, costUsd: 0.2 });
  const { points, whole } = history.read('hour');
  expect(points.at(-1)?.firstTokenMs?.p50).toBeGreaterThan(8000);
  expect(whole.firstTokenMs?.p50).toBeLessThan(120);
  expect(whole).toMatchObject({ requests: 10, costUsd: 1.1 });
  expect(points.at(-6)?.costUsd).toBe(0.9);
  history.close();
});

test('a request that never got a token has no time to it', () => {
  const history = open();
  tell(history, { firstTokenMs: undefined });
  expect(history.read('hour').points.at(-1)).toMatchObject({
    requests: 1,
    firstTokenMs: undefined,
  });
  history.close();
});

test.each([
  ['hour', 40 * MINUTE_MS, 19, '11:50'],
  ['day', 5 * 60 * MINUTE_MS, 75, '07:30'],
  ['week', 3 * DAY_MS, 47, '12:00'],
] as const)('the last %s has it where it was', (range, age, index, at) => {
  const history = open();
  time = START - age;
  tell(history, {});
  time = START;
  const { points } = history.read(range);
  expect(points.map(({ requests }) => requests).indexOf(1)).toBe(index);
  expect(new Date(points[index]?.at ?? 0).toISOString().slice(11, 16)).toBe(at);
  history.close();
});

test('a restart forgets nothing, a week does', () => {
  const first = open();
  tell(first, {});
  first.close();

  const second = open();
  expect(sum(second)).toBe(1);
  time = START + 6 * DAY_MS;
  second.removeExpired();
  expect(sum(second)).toBe(1);
  time = START + 8 * DAY_MS;
  second.removeExpired();
  time = START;
  expect(sum(second)).toBe(0);
  second.close();
});

test('two servers of one state folder count together', () => {
  const [one, other] = [open(), open()];
  tell(one, { firstTokenMs: 100, costUsd: 1 });
  tell(other, { firstTokenMs: 9000, costUsd: 2 }, { outcome: 'overloaded' });
  one.close();
  other.close();
  const { whole } = open().read('hour');
  expect(whole).toMatchObject({ requests: 3, costUsd: 3.25 });
  expect(whole.firstTokenMs?.p50).toBeLessThan(1000);
  expect(whole.firstTokenMs?.p95).toBeGreaterThan(8000);
});

test('what ended is on disk soon, whether or not anybody reads', () => {
  vi.useFakeTimers();
  const history = open();
  tell(history, {}, {});
  vi.advanceTimersByTime(200);
  vi.useRealTimers();
  const other = open();
  expect(sum(other)).toBe(2);
  history.close();
  other.close();
});

test('ten thousand requests of one minute take no more room than one', async () => {
  const history = open();
  for (let index = 0; index < 10_000; index += 1) tell(history, { firstTokenMs: index });
  history.close();
  expect((await stat(join(folder, 'history.db'))).size).toBeLessThan(20_000);
});

test('how full the server was is the highest of the time, and what was counted adds up', () => {
  const history = open();
  history.sample({ ...IDLE, waiting: 1, processes: 4, ready: 2, hit: 2 });
  time += 1000;
  history.sample({ ...IDLE, waiting: 7, running: 2, processes: 3, hit: 1, missed: 1 });
  time += MINUTE_MS;
  history.sample({ ...IDLE, running: 1 });
  const { points, whole } = history.read('hour');
  const most = { waiting: 7, running: 2, processes: 4, ready: 2, hit: 3, missed: 1 };
  expect(points.slice(-3).map(({ load }) => load)).toEqual([
    undefined, // the server did not run
    most,
    { ...IDLE, running: 1 },
  ]);
  expect(whole.load).toEqual(most);
  history.close();
});

test('two servers on one file add up; a restart forgets nothing, a week does', () => {
  const [one, other] = [open(), open()];
  one.sample({ ...IDLE, waiting: 3, hit: 1 });
  one.sample({ ...IDLE, waiting: 2, hit: 1 });
  other.sample({ ...IDLE, waiting: 1, hit: 5 });
  one.close();
  other.close();
  const again = open();
  expect(again.read('hour').whole.load).toEqual({ ...IDLE, waiting: 3, hit: 7 });
  time = START + 8 * DAY_MS;
  again.removeExpired();
  time = START;
  expect(again.read('week').whole.load).toBeUndefined();
  again.close();
});

test('a file of a version that kept no samples goes on', () => {
  const { schema, version } = MINUTES_SCHEMA;
  const database = new DatabaseSync(join(folder, 'history.db'));
  database.exec(`${schema} PRAGMA user_version = ${version}`);
  createMinutes(database).write(Math.floor(START / MINUTE_MS), { ...EMPTY_MINUTE, requests: 5 });
  database.close();
  const history = open();
  history.sample(IDLE);
  expect(history.read('hour').whole).toMatchObject({ requests: 5, load: IDLE });
  history.close();
});

test('a database that fails is somebody’s problem, not the caller’s', () => {
  const problems: unknown[] = [];
  const history = open((error) => problems.push(error));
  history.close();
  tell(history, {});
  history.sample(IDLE);
  history.removeExpired();
  expect(problems).toHaveLength(2);
});

function open(onProblem: (error: unknown) => void = () => undefined) {
  return openHistory({
    file: join(folder, 'history.db'),
    onSetAside: () => undefined,
    onProblem,
    now: () => time,
  });
}

function tell(history: History, ...records: readonly Partial<RunRecord>[]) {
  for (const record of records) history.observer.ended?.({ ...RECORD, ...record });
}

function sum(history: History) {
  return history.read('week').whole.requests;
}
