import { describe, expect, test } from 'vitest';

import { APIS } from '../../src/dialects/index.ts';
import type { Run } from '../../src/run.ts';
import { RunError } from '../../src/run-error.ts';
import { toServedPaths } from '../../src/routes/served-paths.ts';
import { APP_KEY, createTestApp, get, post, type TestApp } from '../support/create-test-app.ts';

const VERSION = { 'anthropic-version': '2023-06-01' };

const overloaded: Run = () => {
  throw new RunError('overloaded', 'The API is overloaded.');
};

const late: Run = async function* late(_request, signal) {
  await new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  });
  yield* [];
};

/** What each API's own words are known by. */
const SHAPES = {
  OpenaiFailure: { error: { type: expect.stringMatching(/_error$/) } },
  AnthropicFailure: { type: 'error', error: { type: expect.any(String) } },
  OllamaFailure: { error: expect.any(String) },
  DirectFailure: { error: { code: expect.any(String) }, requestId: expect.any(String) },
};

const BODIES: Record<string, object> = {
  '/v1/chat/completions': { messages: [{ role: 'user', content: 'Hi' }] },
  '/v1/completions': { prompt: 'Hi' },
  '/v1/responses': { input: 'Hi' },
  '/v1/messages': { max_tokens: 10, messages: [{ role: 'user', content: 'Hi' }] },
  '/api/chat': { messages: [{ role: 'user', content: 'Hi' }] },
  '/api/run': { prompt: 'Hi' },
};

const OWN = APIS.flatMap(({ paths: [path = ''], failures }) =>
  toServedPaths(path).map((served) => ({
    path: served,
    body: { model: 'sonnet', ...BODIES[path] },
    failures,
    shape: SHAPES[failures.schema.name as keyof typeof SHAPES], // a name that is missing matches nothing
  })),
);

/** Ways to fail on a path → the status that OpenAI's words have for it. */
const WAYS: Record<string, (app: TestApp, path: string, body: object) => Promise<Response>> = {
  'a wrong key': (app, path, body) =>
    post(app, path, body, { ...VERSION, authorization: 'Bearer x' }),
  'no key': async (app, path) => app.request(path, { method: 'POST', headers: VERSION }),
  'another method': async (app, path) =>
    app.request(path, { method: 'PATCH', headers: { ...VERSION, 'x-api-key': APP_KEY } }),
  'a body that is no JSON': (app, path) => post(app, path, '{', VERSION),
  'a body too large': (app, path) => post(app, path, 'x'.repeat(20_000), VERSION),
  'a wrong body': (app, path) => post(app, path, { model: 1 }, VERSION),
  'a foreign page': (app, path, body) =>
    post(app, path, body, { ...VERSION, origin: 'https://a.b' }),
  'a foreign host': (app, path, body) => post(app, path, body, { ...VERSION, host: 'a.b' }),
  'an overload': (_, path, body) => post(createTestApp({ run: overloaded }), path, body, VERSION),
  'a deadline': (_, path, body) =>
    post(createTestApp({ run: late, settings: { requestTimeoutMs: 5 } }), path, body, VERSION),
};

describe.each(OWN)(
  "$path answers in its API's words, whatever its caller's headers say",
  (route) => {
    const app = createTestApp();

    test.each(Object.entries(WAYS))('%s', async (_, fail) => {
      const response = await fail(app, route.path, route.body);

      expect(response.status).toBeGreaterThanOrEqual(400);
      expect(await response.json()).toMatchObject(route.shape);
    });

    test('with the status that its own table has for an overload', async () => {
      if (route.path.endsWith('/batches')) return; // nothing runs for it yet
      const response = await WAYS['an overload']?.(app, route.path, route.body);
      const { status } = route.failures.toFailure(new RunError('overloaded', ''), '');

      expect(response?.status).toBe(status);
    });
  },
);

test.each(['/v1/models/nothing', '/models/nothing', '/nothing', '/api/nothing', '/v1/messagesx'])(
  'elsewhere (%s) the header decides',
  async (path) => {
    const app = createTestApp();

    expect(await (await get(app, path)).json()).toMatchObject({
      error: { code: expect.any(String) },
    });
    expect(await (await get(app, path, VERSION)).json()).toMatchObject(SHAPES.AnthropicFailure);
  },
);
