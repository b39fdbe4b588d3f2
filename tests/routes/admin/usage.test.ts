import { afterEach, beforeEach, expect, test } from 'vitest';

import { createKeyStore } from '../../../src/keys/key-store.ts';
import { openRequests } from '../../../src/observation/requests/open-requests.ts';
import type { RunRecord } from '../../../src/observation/run-record.ts';
import { createWatch } from '../../../src/observation/watch.ts';
import { openHistory } from '../../../src/observation/history.ts';
import { RunError } from '../../../src/run-error.ts';
import { RECORD } from '../../observation/record.ts';
import { createTestApp, get, post } from '../../support/create-test-app.ts';
import { createKeyedApp, createKeysFolder, type KeysFolder } from '../../support/keys.ts';
import { answerCheckOf } from '../../support/openapi-checks.ts';
import { openSignedIn } from '../../support/open-signed-in.ts';

const HOUR_MS = 3_600_000;

let folder: KeysFolder;
beforeEach(async () => {
  folder = await createKeysFolder();
});
afterEach(() => folder.remove());

test('what was used is added up by key, model and API', async () => {
  const app = createAppWith([
    { keyId: 'default', model: 'claude-opus-5-5', dialect: 'direct' },
    { keyId: 'key-gone' },
    { keyId: 'key-gone', failure: new RunError('overloaded', 'Busy.'), outcome: 'overloaded' },
  ]);
  const body = await readUsage(app, '');
  const each = { input: 10, output: 20, cacheRead: 30, cacheWrite: 40 };
  expect(body).toMatchObject({
    range: 'day',
    whole: { requests: 3, errors: 1, cancelled: 0, costUsd: 0.75 },
    keys: [
      { key: 'default', keyName: 'owner', requests: 1, errors: 0, tokens: each, costUsd: 0.25 },
      { key: 'key-gone', keyName: 'key-gone', requests: 2, errors: 1, limits: [] },
    ],
    models: [
      { model: 'claude-sonnet-5-5', requests: 2, tokens: { input: 20, cacheRead: 60 } },
      { model: 'claude-opus-5-5', requests: 1 },
    ],
    apis: [
      { api: 'openai-chat', requests: 2, errors: 1 },
      { api: 'direct', requests: 1 },
    ],
  });
});

test.each([
  ['hour', 1],
  ['day', 2],
  ['week', 3],
  ['month', 4],
])('the last %s has %i', async (range, count) => {
  const app = createAppWith([{}, {}, {}, {}, {}], [0, 2, 48, 24 * 8, 24 * 31]);
  expect((await readUsage(app, `?range=${range}`)).whole.requests).toBe(count);
});

test('more than is added up at once is still all there', async () => {
  const app = createAppWith(Array.from({ length: 12_001 }, () => ({})));
  expect((await readUsage(app, '')).whole.requests).toBe(12_001);
});

test('models that nobody has are bounded: beyond a hundred they are one', async () => {
  const records = Array.from({ length: 150 }, (_, index) => ({ model: `invented-${index}` }));
  const { models } = await readUsage(createAppWith(records), '');
  expect(models).toHaveLength(101);
  expect(models.at(-1)).toMatchObject({ model: 'other', requests: 50 });
});

test('keys are not: each has its own sums', async () => {
  const records = Array.from({ length: 150 }, (_, index) => ({ keyId: `key-${index}` }));
  const { keys } = await readUsage(createAppWith(records), '');
  expect(keys.filter(({ requests }) => requests === 1)).toHaveLength(150);
});

test('each key tells what it uses of its limits, when it was used, and when it opens again', async () => {
  const key = await folder.add(
    { requestsPerMinute: 2, tokensPerDay: 1000, usdPerDay: 3 },
    'laptop',
  );
  await folder.add({}, 'unused');
  const app = createKeyedApp(folder);
  const before = await readUsage(app, '');
  expect(before.keys[1]).toMatchObject({ keyName: 'laptop', lastUsedAt: null, opensAt: null });

  await ask(app, key);
  const [, half] = (await readUsage(app, '')).keys;
  expect(half).toMatchObject({
    requests: 1,
    lastUsedAt: expect.stringMatching(/^20/),
    opensAt: null,
    limits: [
      { limit: 'requestsPerMinute', most: 2, used: 1, resetsAt: expect.stringMatching(/^20/) },
      { limit: 'tokensPerDay', most: 1000, used: 2 },
      { limit: 'usdPerDay', most: 3, used: 0, resetsAt: null },
    ],
  });

  await ask(app, key);
  const { keys } = await readUsage(app, '');
  expect(keys[1]?.opensAt).toBe(keys[1]?.limits[0]?.resetsAt);
  expect(keys[2]).toMatchObject({ keyName: 'unused', requests: 0, limits: [], lastUsedAt: null });
  const page = await openSignedIn(app, '/usage');
  expect(page).toContain('2 of 2 requests this minute');
  expect(page).toMatch(/opens\s+<time/);
});

test('a range that does not exist is a 400 that says so', async () => {
  const answer = await get(createTestApp(), '/api/admin/usage?range=year');
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({
    error: { message: 'range must be one of hour, day, week, month.' },
  });
});

test('the page leads from a sum to its requests, and says how far the log reaches', async () => {
  const failure = new RunError('overloaded', 'Busy.');
  const app = createAppWith([{ keyId: 'key-gone', failure }], [2]);
  const text = (await openSignedIn(app, '/usage?range=week')).replaceAll('&amp;', '&');
  expect(text).toMatch(/href="\/requests\?key=key-gone&from=[^"&]+&outcome=failed">1</);
  expect(text).toMatch(/Kept since <time/);
  expect(text).toContain('OpenAI chat completions');
  const odd = await openSignedIn(createTestApp(), '/usage?range=year');
  expect(odd).toContain('range must be one of hour, day, week, month.');
  const empty = await openSignedIn(createTestApp(), '/usage');
  expect(empty).toContain('By key: nothing in this time.');
});

type Sums = { requests: number };

type Limit = { limit: string; resetsAt: string | null };

type Body = {
  whole: Sums;
  keys: (Sums & { opensAt: string | null; limits: Limit[] })[];
  models: Sums[];
};

async function readUsage(app: ReturnType<typeof createTestApp>, query: string) {
  const answer = await get(app, `/api/admin/usage${query}`);
  const body = (await answer.json()) as Body;
  expect(answerCheckOf('GET /api/admin/usage', 200, 'application/json')(body)).toEqual([]);
  return body;
}

/** An app in which these runs ended, so many hours ago. Default: now. */
function createAppWith(records: readonly Partial<RunRecord>[], hoursAgo: readonly number[] = []) {
  let atMs = Date.now();
  const place = { file: ':memory:', onSetAside: () => undefined };
  const requests = openRequests({ ...place, now: () => atMs });
  const told = records.map((record, index) => ({ record, ago: hoursAgo[index] ?? 0 }));
  const inOrder = told.toSorted((one, other) => other.ago - one.ago);
  for (const [index, { record, ago }] of inOrder.entries()) {
    atMs = Date.now() - ago * HOUR_MS;
    requests.observer.ended?.({ ...RECORD, ...record });
    if (index % 1000 === 999) requests.list({}, { limit: 1 }); // has it written
  }
  return createTestApp({
    keyStore: createKeyStore(folder.place),
    watch: createWatch({
      queue: () => ({ waiting: 0, running: 0, concurrency: 1 }),
      processes: () => ({}),
      history: openHistory(place),
      requests,
    }),
  });
}

function ask(app: ReturnType<typeof createTestApp>, key: string) {
  const body = { model: 'sonnet', messages: [{ role: 'user', content: 'Hi' }] };
  return post(app, '/v1/chat/completions', body, { authorization: `Bearer ${key}` });
}
