import { expect, test } from 'vitest';

import { toCsvLines } from '../../../src/routes/admin/to-csv.ts';
import { RunError } from '../../../src/run-error.ts';
import type { Run } from '../../../src/run.ts';
import { createTestApp, get, post, sayHello, type TestApp } from '../../support/create-test-app.ts';
import { answerCheckOf } from '../../support/openapi-checks.ts';

const REFUSAL = 'The API is overloaded, "really"; try again.';

/** Fails where the prompt says so. */
const run: Run = async function* maybe(request, signal) {
  if (JSON.stringify(request.messages).includes('fail')) throw new RunError('overloaded', REFUSAL);
  yield* sayHello(request, signal);
};

test('requests are listed, the newest first, with nothing that was said', async () => {
  const app = await createAppWith(['private words', 'fail']);
  const answer = await get(app, '/api/admin/requests');
  const body = (await answer.json()) as { requests: unknown[] };
  expect(answerCheckOf('GET /api/admin/requests', 200, 'application/json')(body)).toEqual([]);
  expect(body).toMatchObject({
    requests: [
      { status: 'failed', outcome: 'overloaded', finish: null, error: REFUSAL, model: 'sonnet' },
      {
        id: expect.stringMatching(/^req_/),
        key: 'default',
        keyName: 'owner',
        api: 'openai-chat',
        status: 'done',
        finish: 'stop',
        error: null,
        tokens: { input: 1, output: 1, cacheRead: 0, cacheWrite: 0 },
      },
    ],
    next: null,
  });
  expect(JSON.stringify(body)).not.toMatch(/private|Hello/);
});

test.each([
  ['outcome=failed', 1],
  ['outcome=stop', 2],
  ['key=owner', 3],
  ['key=default', 3],
  ['key=nobody', 0],
  ['api=openai-chat&model=sonnet', 3],
  ['api=ollama-chat', 0],
  ['from=2020-01-01&to=2021-01-01T00:00', 0],
  ['from=2020-01-01T00:00:00%2B01:00', 3],
  ['text=really', 1],
  ['text=&outcome=&from=&cursor=&limit=&format=', 3],
])('%s leaves %i', async (query, count) => {
  const app = await createAppWith(['one', 'two', 'fail']);
  expect(await listIds(app, query)).toHaveLength(count);
});

test('a cursor leads through all of them, each once', async () => {
  const app = await createAppWith(['one', 'two', 'three']);
  const all = await listIds(app, '');
  const first = await get(app, '/api/admin/requests?limit=2');
  const { next, times } = (await first.json()) as { next: string; times: unknown };
  expect(times).toMatchObject({ requests: 3, failed: 0, totalMs: { p50: expect.any(Number) } });
  const second = await get(app, `/api/admin/requests?cursor=${next}`);
  expect(await second.json()).toMatchObject({ times: null });
  expect(await listIds(app, `limit=2&cursor=${next}`)).toEqual(all.slice(2));
  expect(await listIds(app, 'limit=2')).toEqual(all.slice(0, 2));
});

test.each([
  ['from=yesterday', 'from must be a time like 2026-11-28 or 2026-11-28T08:30:00Z.'],
  ['to=2026-13-45', 'to must be a time like 2026-11-28 or 2026-11-28T08:30:00Z.'],
  ['limit=0', 'limit must be from 1 to 1000.'],
  ['cursor=x', 'cursor must be a whole number.'],
  ['format=xml', 'format must be json or csv.'],
])('%s is a 400 that says so', async (query, message) => {
  const answer = await get(createTestApp(), `/api/admin/requests?${query}`);
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({ error: { message } });
});

test('as CSV all that fit are there, more than fit on a page too', async () => {
  const app = await createAppWith(['one', 'fail', ...Array.from({ length: 1100 }, () => 'x')]);
  const answer = await get(app, '/api/admin/requests?format=csv&limit=1');
  expect(answer.headers.get('content-type')).toContain('text/csv');
  expect(answer.headers.get('content-disposition')).toContain('requests.csv');
  const lines = (await answer.text()).split('\r\n');
  expect(lines[0]).toMatch(/^endedAt,startedAt,id,api,model,/);
  expect(lines).toHaveLength(1 + 1102 + 1);
  expect(lines.at(-3)).toContain(',"The API is overloaded, ""really""; try again.",');

  const failed = await get(app, '/api/admin/requests?format=csv&outcome=failed');
  expect((await failed.text()).split('\r\n')).toHaveLength(3);
});

test('what a caller wrote is no formula of a spreadsheet', () => {
  expect(toCsvLines([['=1+1', '@x', 'a "b"', null, -3]])).toBe(`'=1+1,'@x,"a ""b""",,-3\r\n`);
});

async function createAppWith(prompts: readonly string[]) {
  const app = createTestApp({ run });
  for (const content of prompts) {
    await post(app, '/v1/chat/completions', {
      model: 'sonnet',
      messages: [{ role: 'user', content }],
    });
  }
  return app;
}

async function listIds(app: TestApp, query: string) {
  const answer = await get(app, `/api/admin/requests?${query}`);
  return ((await answer.json()) as { requests: { id: string }[] }).requests.map(({ id }) => id);
}
