import { PassThrough } from 'node:stream';

import { pino } from 'pino';
import { expect, test } from 'vitest';

import type { Run } from '../../src/run.ts';
import { RunError } from '../../src/run-error.ts';
import { APP_KEY, createTestApp, get, post } from '../support/create-test-app.ts';

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
      method: 'POST',
      path: '/v1/messages',
      status: 200,
      ms: expect.any(Number),
    }),
  ]);
  expect(JSON.stringify(lines)).not.toMatch(new RegExp(`${APP_KEY}|${PROMPT}|Hello`));
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

test('what fails after the headers of a stream is a line of its own', async () => {
  const { lines, log } = createLog();
  const app = createTestApp({ log, run: breaking });
  const response = await post(app, '/api/run', { prompt: PROMPT, stream: true });
  await response.text();
  // Which of them comes first is nobody's concern.
  const sorted = lines.toSorted((one, other) => Number(one['level']) - Number(other['level']));
  expect(sorted).toEqual([
    expect.objectContaining({ level: 30, status: 200 }),
    expect.objectContaining({ level: 40, code: 'upstream-failed', msg: 'It broke off.' }),
  ]);
});
