import { describe, expect, test } from 'vitest';

import { RunError, type RunErrorCode } from '../../src/run-error.ts';
import type { Run, RunFinish } from '../../src/run.ts';
import { call, cannedRun, reasoning, redacted, text } from '../dialects/canned-run.ts';
import { createTestApp, get, post } from '../support/create-test-app.ts';
import { answerCheckOf, OPERATIONS } from '../support/openapi-checks.ts';
import { readSse } from '../support/read-sse.ts';
import { ROUTES } from '../support/routes.ts';

const ANSWERS: { name: string; parts: Parameters<typeof cannedRun>[0]; finish: RunFinish }[] = [
  { name: 'a text', parts: [text('Hello', '.')], finish: 'stop' },
  { name: 'a text cut off', parts: [text('Hel')], finish: 'length' },
  { name: 'nothing', parts: [], finish: 'stop' },
  { name: 'a refusal', parts: [text('No.')], finish: 'refusal' },
  { name: 'thinking', parts: [reasoning('Hm.', 'sig'), text('Yes.')], finish: 'stop' },
  { name: 'hidden thinking', parts: [redacted('x'), text('Yes.')], finish: 'stop' },
  {
    name: 'calls',
    parts: [text('Let me see.'), call('toolu_1', 'weather', '{"a":', '1}'), call('toolu_2', 'now')],
    finish: 'tool-calls',
  },
];

const STREAMED = ROUTES.flatMap(({ method, path, body = {} }) => {
  const name = `${method} ${path}`;
  const content = OPERATIONS.get(name)?.responses['200']?.content ?? {};
  return 'text/event-stream' in content ? [{ name, path, body }] : [];
});

describe.each(ANSWERS)('$name', ({ parts, finish }) => {
  const app = createTestApp({ run: () => cannedRun(parts, { finish }) });

  test.each(STREAMED)('of $name is as the document says', async ({ name, path, body }) => {
    const answer = await post(app, path, body);

    expect(answerCheckOf(name, 200, 'application/json')(await answer.json())).toEqual([]);
  });

  test.each(STREAMED)('streamed of $name is as the document says', async (route) => {
    const stream_options = route.path.includes('completions') && { include_usage: true };
    const answer = await post(app, route.path, {
      ...route.body,
      stream: true,
      ...(stream_options && { stream_options }),
    });
    const events = await readEvents(answer);

    expect(events.length).toBeGreaterThan(1);
    const check = answerCheckOf(route.name, 200, 'text/event-stream');
    expect(events.flatMap(check)).toEqual([]);
  });
});

describe('a failure', () => {
  const CODES = ['queue-full', 'overloaded', 'not-logged-in', 'timeout', 'cli-failed'] as const;

  test.each(CODES.flatMap((code) => STREAMED.map((route) => ({ code, ...route }))))(
    '$code of $name is as the document says',
    async ({ code, name, path, body }) => {
      const answer = await post(createTestApp({ run: failWith(code) }), path, body);

      const check = answerCheckOf(name, answer.status, 'application/json');
      expect(check(await answer.json())).toEqual([]);
    },
  );

  test.each(STREAMED)('in the middle of $name is as the document says', async (route) => {
    const answer = await post(createTestApp({ run: breakOff }), route.path, {
      ...route.body,
      stream: true,
    });
    const isCompletion = route.path.endsWith('completions');
    const check = isCompletion
      ? answerCheckOf(route.name, 503, 'application/json')
      : answerCheckOf(route.name, 200, 'text/event-stream');

    expect(check((await readEvents(answer)).at(-1))).toEqual([]);
  });

  test.each(ROUTES)('$method $path without a key is as the document says', async (route) => {
    const { method, path } = route;
    const answer = await createTestApp().request(path, { method });
    const name = `${method} ${path.replace('/sonnet', '/{id}')}`;

    expect(answerCheckOf(name, 401, 'application/json')(await answer.json())).toEqual([]);
  });

  test.each(ROUTES.filter(({ body }) => body))(
    '$path with a wrong body is as the document says',
    async ({ path }) => {
      const answer = await post(createTestApp(), path, {});

      const check = answerCheckOf(`POST ${path}`, 400, 'application/json');
      expect(check(await answer.json())).toEqual([]);
    },
  );
});

test('a check notices a field too many, and one too few', async () => {
  const answer = await post(createTestApp(), '/v1/messages', STREAMED[1]?.body);
  const { role: _, ...message } = (await answer.json()) as Record<string, unknown>; // a JSON object
  const check = answerCheckOf('POST /v1/messages', 200, 'application/json');

  expect(check(message)).toEqual([expect.stringContaining("'role'")]);
  expect(check({ ...message, role: 'assistant', more: 1 })).toEqual([
    expect.stringContaining('additional properties'),
  ]);
});

describe('the rest', () => {
  const app = createTestApp();

  test.each([
    ['GET /v1/models', '/v1/models'],
    ['GET /v1/models/{id}', '/v1/models/gpt-4o'],
    ['GET /api/sessions', '/api/sessions'],
    ['GET /health', '/health'],
    ['GET /api/hello', '/api/hello'],
    ['GET /ready', '/ready'],
    ['GET /api/admin/status', '/api/admin/status'],
    ['GET /api/admin/runs', '/api/admin/runs'],
    ['GET /api/admin/history', '/api/admin/history'],
    ['GET /api/admin/requests', '/api/admin/requests'],
    ['GET /openapi.json', '/openapi.json'],
  ])('%s is as the document says', async (name, path) => {
    const answer = await get(app, path);

    expect(answerCheckOf(name, 200, 'application/json')(await answer.json())).toEqual([]);
  });

  test('stored responses are as the document says', async () => {
    const body = { model: 'sonnet', input: 'Hi', background: true, stream: true };
    const [first] = await readEvents(await post(app, '/v1/responses', body));
    const { id } = Object(first).response as { id: string }; // checked above
    const path = `/v1/responses/${id}`;
    const input = { model: 'sonnet', input: 'Hi' };

    const answers = {
      'POST /v1/responses/{id}/cancel': await post(app, `${path}/cancel`, {}),
      'GET /v1/responses/{id}': await get(app, path),
      'GET /v1/responses/{id}/input_items': await get(app, `${path}/input_items`),
      'POST /v1/responses/compact': await post(app, '/v1/responses/compact', input),
      'POST /v1/responses/input_tokens': await post(app, '/v1/responses/input_tokens', input),
      'DELETE /v1/responses/{id}': await app.request(path, {
        method: 'DELETE',
        headers: { 'x-api-key': 'app-key-0123456789' },
      }),
    };
    for (const [name, answer] of Object.entries(answers)) {
      expect(answerCheckOf(name, 200, 'application/json')(await answer.json())).toEqual([]);
    }
    const gone = await get(app, path);
    const check = answerCheckOf('GET /v1/responses/{id}', gone.status, 'application/json');
    expect(check(await gone.json())).toEqual([]);
  });
});

function failWith(code: RunErrorCode): Run {
  return () => {
    throw new RunError(code, 'It failed.', { retryAfterSeconds: 1 });
  };
}

const breakOff: Run = async function* broken() {
  for await (const event of cannedRun([text('Hello.')])) {
    if (event.type === 'part-end') throw new RunError('cli-failed', 'It died.');
    yield event;
  }
};

async function readEvents(answer: Response): Promise<unknown[]> {
  const messages = await Array.fromAsync(readSse(answer));
  return messages.filter(({ data }) => data !== '[DONE]').map(({ data }) => JSON.parse(data));
}
