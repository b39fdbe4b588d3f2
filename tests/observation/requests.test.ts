import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import {
  type KeptRequests,
  openRequests,
  type RequestsOptions,
} from '../../src/observation/requests/open-requests.ts';
import { toRedact } from '../../src/observation/redact.ts';
import type { RequestFilter } from '../../src/observation/requests/request-filter.ts';
import type { RunRecord } from '../../src/observation/run-record.ts';
import { RunError } from '../../src/run-error.ts';
import { RECORD } from './record.ts';

const START = Date.UTC(2026, 4, 4, 12, 30);

let folder: string;
let time: number;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'requests-'));
  time = START;
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('a restart forgets nothing', () => {
  const first = open();
  tell(first, { id: 'req_a' }, { id: 'req_b', ...failed('The API is overloaded.') });
  first.close();

  const second = open();
  tell(second, { id: 'req_c' });
  expect(second.list({}, { limit: 10 })).toMatchObject([
    { id: 'req_c', status: 'done' },
    {
      id: 'req_b',
      status: 'failed',
      outcome: 'overloaded',
      error: 'The API is overloaded.',
      model: 'claude-sonnet-5-5',
      requestedModel: 'sonnet',
      endedAtMs: START,
      firstTokenMs: 700,
      inputTokens: 10,
      cacheWriteTokens: 40,
      costUsd: 0.25,
    },
    { id: 'req_a', status: 'done', outcome: 'stop', error: null },
  ]);
  second.close();
});

test('the times of all that fit are exact, over more than are read at once', async () => {
  const requests = open();
  for (let index = 1; index <= 6000; index += 1) {
    tell(requests, { totalMs: index, firstTokenMs: index % 2 === 0 ? index : undefined });
    if (index % 1000 === 0) requests.list({}, { limit: 1 }); // has them written
  }
  tell(requests, { totalMs: 90_000, firstTokenMs: undefined, ...failed('x') });
  expect(await requests.readTimes({ outcome: 'done' })).toEqual({
    requests: 6000,
    failed: 0,
    firstTokenMs: { p50: 3000, p95: 5700 },
    totalMs: { p50: 3000, p95: 5700 },
  });
  expect(await requests.readTimes({ outcome: 'failed' })).toEqual({
    requests: 1,
    failed: 1,
    firstTokenMs: undefined,
    totalMs: { p50: 90_000, p95: 90_000 },
  });
  expect(await requests.readTimes({ model: 'none' })).toMatchObject({ requests: 0, failed: 0 });
  requests.close();
});

test('the oldest make room, and none are kept where none are wanted', () => {
  const requests = open({ most: 3 });
  tell(requests, ...['a', 'b', 'c', 'd', 'e'].map((id) => ({ id })));
  expect(ids(requests, {})).toEqual(['e', 'd', 'c']);
  requests.close();

  const none = open({ file: join(folder, 'none.db'), most: 0 });
  tell(none, {});
  expect(ids(none, {})).toEqual([]);
  none.close();
});

describe('a filter', () => {
  const MINUTE_MS = 60_000;

  test.each<[string, RequestFilter, string[]]>([
    ['a key', { keyId: 'phone' }, ['phone']],
    ['the model that answered', { model: 'claude-opus-5-5' }, ['opus']],
    ['the model as it was asked for', { model: 'sonnet' }, ['left', 'late', 'phone', 'failed']],
    ['an API', { dialect: 'ollama-chat' }, ['late']],
    ['how it finished', { outcome: 'length' }, ['phone']],
    ['the code of a failure', { outcome: 'overloaded' }, ['failed']],
    ['all failures', { outcome: 'failed' }, ['failed']],
    ['whoever left', { outcome: 'cancelled' }, ['left']],
    ['from a time on', { fromMs: START + 3 * MINUTE_MS }, ['left', 'late']],
    ['up to a time', { toMs: START + MINUTE_MS }, ['failed']],
    ['part of an id', { text: 'HON' }, ['phone']],
    ['part of a sentence', { text: 'is OVER' }, ['failed']],
    ['what SQL would read as a pattern', { text: '%' }, []],
    ['two at once', { model: 'sonnet', outcome: 'done' }, ['late', 'phone']],
  ])('by %s', (_, filter, expected) => {
    const requests = open();
    const records: Partial<RunRecord>[] = [
      { id: 'failed', ...failed('The API is overloaded.') },
      { id: 'phone', keyId: 'phone', outcome: 'length' },
      { id: 'opus', model: 'claude-opus-5-5', requestedModel: 'opus' },
      { id: 'late', dialect: 'ollama-chat' },
      { id: 'left', outcome: 'cancelled', failure: new RunError('cancelled', 'Gone.') },
    ];
    for (const record of records) {
      tell(requests, record);
      time += MINUTE_MS;
    }
    expect(ids(requests, filter)).toEqual(expected);
    requests.close();
  });
});

test('pages go on where the one before ended, whatever comes meanwhile', () => {
  const requests = open();
  tell(requests, ...['a', 'b', 'c'].map((id) => ({ id })));
  const [, last] = requests.list({}, { limit: 2 });
  tell(requests, { id: 'd' });
  expect(requests.list({}, { limit: 2, before: last?.number }).map(({ id }) => id)).toEqual(['a']);
  requests.close();
});

test('what a chat cost is added when it is known', () => {
  const requests = open();
  tell(requests, { id: 'req_a', costUsd: undefined });
  requests.observer.charged?.({ keyId: 'laptop', requestId: 'req_a' }, 0.5);
  requests.observer.charged?.({ keyId: 'laptop', requestId: 'req_forgotten' }, 0.5);
  expect(requests.list({}, { limit: 2 })).toMatchObject([{ id: 'req_a', costUsd: 0.5 }]);
  requests.close();
});

test('a sentence holds no secret, and has an end', () => {
  const requests = open({ redact: toRedact(['a-secret-of-the-server']) });
  tell(requests, failed(`a-secret-of-the-server ${'x'.repeat(10_000)}`));
  const [kept] = requests.list({}, { limit: 1 });
  expect(kept?.error).toMatch(/^\[redacted\] x+$/);
  expect(kept?.error?.length).toBe(500);
  requests.close();
});

test('keys and models are told once each', () => {
  const requests = open();
  tell(requests, {}, {}, { keyId: 'phone', model: undefined, requestedModel: 'opus' });
  expect(ids(requests, {})).toHaveLength(3);
  expect(requests.readChoices()).toEqual({
    keyIds: ['laptop', 'phone'],
    models: ['claude-sonnet-5-5', 'opus'],
  });
  requests.close();
});

test('a database that fails is somebody’s problem, not the caller’s', () => {
  const problems: unknown[] = [];
  const requests = open({ onProblem: (error) => problems.push(error) });
  requests.close();
  tell(requests, {});
  expect(() => requests.list({}, { limit: 1 })).toThrow('not open');
  expect(problems).toHaveLength(1);
});

function open(options: Partial<RequestsOptions> = {}) {
  return openRequests({
    file: join(folder, 'requests.db'),
    onSetAside: () => undefined,
    now: () => time,
    ...options,
  });
}

function failed(sentence: string): Partial<RunRecord> {
  return { outcome: 'overloaded', failure: new RunError('overloaded', sentence) };
}

function tell(requests: KeptRequests, ...records: readonly Partial<RunRecord>[]) {
  for (const record of records) requests.observer.ended?.({ ...RECORD, ...record });
}

function ids(requests: KeptRequests, filter: RequestFilter) {
  return requests.list(filter, { limit: 10 }).map(({ id }) => id);
}
