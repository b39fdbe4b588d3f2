import { PassThrough } from 'node:stream';

import { pino } from 'pino';
import { describe, expect, test, vi } from 'vitest';

import type { RunBook } from '../../src/agent-runs/run-book.ts';
import type { Run } from '../../src/run.ts';
import { RunError } from '../../src/run-error.ts';
import { APP_KEY, createTestApp, get, post } from '../support/create-test-app.ts';
import { createTestRunBook } from '../support/create-test-run-book.ts';

const PROMPT = 'a very private prompt';
const BODY = { model: 'sonnet', max_tokens: 10, messages: [{ role: 'user', content: PROMPT }] };

const broken: Run = () => {
  throw new TypeError('x is not a function');
};

const failing: Run = () => {
  throw new RunError('cli-failed', 'The claude CLI ended.', { cause: 'exit code 3: oops' });
};

const breaking: Run = async function* breaking() {
  yield { type: 'part-start', index: 0, part: { type: 'text' } };
  throw new RunError('upstream-failed', 'It broke off.');
};

function createLog() {
  const lines: Record<string, unknown>[] = [];
  const destination = new PassThrough();
  destination.on('data', (text: Buffer) =>
    lines.push(JSON.parse(String(text)) as Record<string, unknown>),
  );
  return { lines, log: pino(destination) };
}

test('one line per request names it, and holds neither key nor prompt nor answer', async () => {
  const { lines, log } = createLog();
  const response = await post(createTestApp({ log }), '/v1/messages', BODY);
  expect(lines).toEqual([
    expect.objectContaining({
      level: 30,
      requestId: response.headers.get('request-id'),
      key: 'default',
      keyName: 'owner',
      method: 'POST',
      path: '/v1/messages',
      status: 200,
      ms: expect.any(Number),
    }),
  ]);
  expect(JSON.stringify(lines)).not.toMatch(new RegExp(`${APP_KEY}|${PROMPT}|Hello`));
});

test('a HEAD of a stream without an end is one line, and nothing goes on behind it', async () => {
  const { lines, log } = createLog();
  const watch = vi.fn<RunBook['watch']>();
  const app = createTestApp({ log, runs: { ...createTestRunBook(), watch } });
  const response = await app.request('/api/events', {
    method: 'HEAD',
    headers: { authorization: `Bearer ${APP_KEY}` },
  });

  expect(response.headers.get('content-type')).toBe('text/event-stream');
  expect(lines).toMatchObject([{ method: 'HEAD', path: '/api/events', status: 200 }]);
  expect(watch).not.toHaveBeenCalled();
});

test('a refused request is one line, too, without what was sent', async () => {
  const { lines, log } = createLog();
  const app = createTestApp({ log });
  await post(app, '/v1/messages', `{"prompt": "${PROMPT}"`);
  await app.request('/v1/models', { headers: { authorization: 'Bearer guessed-key' } });
  await get(app, '/nothing');
  expect(lines.map(({ level, status, code }) => ({ level, status, code }))).toEqual([
    { level: 30, status: 400, code: 'invalid-request' },
    { level: 30, status: 401, code: 'unauthenticated' },
    { level: 30, status: 404, code: 'not-found' },
  ]);
  expect(JSON.stringify(lines)).not.toMatch(new RegExp(`${PROMPT}|guessed-key`));
});

test('a failure of the server is an error line with its cause, which the caller does not see', async () => {
  const { lines, log } = createLog();
  const response = await post(createTestApp({ log, run: broken }), '/v1/messages', BODY);
  expect(response.status).toBe(500);
  expect(await response.text()).not.toContain('x is not a function');
  expect(lines).toEqual([
    expect.objectContaining({
      level: 50,
      code: 'internal',
      err: expect.objectContaining({ stack: expect.stringContaining('x is not a function') }),
    }),
  ]);
});

test('a failed CLI leaves its own words in the log', async () => {
  const { lines, log } = createLog();
  await post(createTestApp({ log, run: failing }), '/v1/messages', BODY);
  expect(lines).toEqual([
    expect.objectContaining({ level: 50, status: 503, cause: 'exit code 3: oops' }),
  ]);
});

test('what fails after the headers of a stream stands in the same line, which says so', async () => {
  const { lines, log } = createLog();
  const app = createTestApp({ log, run: breaking });
  const response = await post(app, '/api/run', { prompt: PROMPT, stream: true });
  await response.text();
  expect(lines).toEqual([
    expect.objectContaining({
      level: 40,
      msg: 'request failed',
      status: 200,
      outcome: 'upstream-failed',
      code: 'upstream-failed',
      failure: 'It broke off.',
    }),
  ]);
});

test('the line of a stream is written at its end and tells its run', async () => {
  const { lines, log } = createLog();
  const goOn = Promise.withResolvers<void>();
  const app = createTestApp({ log, run: toHeld(goOn.promise) });
  const response = await post(app, '/v1/messages', { ...BODY, stream: true });
  expect(lines).toEqual([]);
  goOn.resolve();
  await response.text();
  expect(lines).toEqual([
    expect.objectContaining({
      status: 200,
      dialect: 'anthropic-messages',
      model: 'claude-sonnet-5-5',
      outcome: 'stop',
      queuedMs: expect.any(Number),
      firstTokenMs: expect.any(Number),
      totalMs: expect.any(Number),
      tokens: { input: 3, output: 5, cacheRead: 0, cacheWrite: 0 },
    }),
  ]);
});

test('a run in the background has a line of its own when it ends', async () => {
  const { lines, log } = createLog();
  const goOn = Promise.withResolvers<void>();
  const app = createTestApp({ log, run: toHeld(goOn.promise) });
  const body = { model: 'sonnet', input: PROMPT, background: true };
  const response = await post(app, '/v1/responses', body);
  const { id } = (await response.json()) as { id: string };
  expect(lines).toEqual([expect.objectContaining({ msg: 'request', outcome: 'running' })]);
  goOn.resolve();
  await vi.waitUntil(async () => {
    const stored = await get(app, `/v1/responses/${id}`);
    return ((await stored.json()) as { status: string }).status === 'completed';
  }, 20_000);
  expect(lines.filter(({ msg }) => msg === 'run')).toEqual([
    expect.objectContaining({
      requestId: response.headers.get('request-id'),
      key: 'default',
      outcome: 'stop',
      tokens: expect.objectContaining({ output: 5 }),
    }),
  ]);
});

test('a model name cannot forge a line, nor fill the log', async () => {
  const { lines, log } = createLog();
  const model = `x\n{"level":30,"msg":"forged"}${'y'.repeat(5000)}`;
  await post(createTestApp({ log, run: failing }), '/v1/messages', { ...BODY, model });
  expect(lines).toHaveLength(1);
  expect(lines[0]?.['model']).toBe(model.slice(0, 100));
});

test('what machines ask every second stands in no line unless asked for', async () => {
  const { lines, log } = createLog();
  const app = createTestApp({ log });
  await app.request('/health');
  await app.request('/api/hello', { method: 'HEAD' });
  await get(app, '/metrics');
  expect(lines).toEqual([]);
});

describe('with LOG_CONTENT', () => {
  test('what was asked and answered is a line beside it', async () => {
    const { lines, log } = createLog();
    await post(createTestApp({ log, settings: { logContent: true } }), '/v1/messages', BODY);
    expect(lines).toEqual([
      expect.objectContaining({
        msg: 'content',
        messages: [{ role: 'user', parts: [{ type: 'text', text: PROMPT }] }],
        answer: [{ type: 'text', text: 'Hello.' }],
      }),
      expect.objectContaining({ msg: 'request', status: 200 }),
    ]);
  });

  test('pictures stay out', async () => {
    const { lines, log } = createLog();
    const source = { type: 'base64', media_type: 'image/png', data: 'aGVsbG8=' };
    const messages = [{ role: 'user', content: [{ type: 'image', source }] }];
    const app = createTestApp({ log, settings: { logContent: true } });
    await post(app, '/v1/messages', { ...BODY, messages });
    expect(lines[0]).toMatchObject({ messages: [{ parts: [{ type: 'image' }] }] });
    expect(JSON.stringify(lines)).not.toContain('aGVsbG8=');
  });
});

/** Says half of its text, and the rest when it may. */
function toHeld(goOn: Promise<void>): Run {
  const usage = { input: 3, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: undefined };
  return async function* held() {
    yield { type: 'run-progress', step: 'placed' };
    yield {
      type: 'run-start',
      id: 'msg_1',
      model: 'claude-sonnet-5-5',
      sessionId: undefined,
      usage,
    };
    yield { type: 'part-start', index: 0, part: { type: 'text' } };
    yield { type: 'part-delta', index: 0, delta: 'Hel' };
    await goOn;
    yield { type: 'part-delta', index: 0, delta: 'lo.' };
    yield { type: 'part-end', index: 0 };
    const end = { finish: 'stop', stopSequence: undefined, agent: undefined } as const;
    yield { type: 'run-end', ...end, usage: { ...usage, output: 5 } };
  };
}
