import { randomUUID } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';

import { demoAnswer } from '../../src/demo/answers.ts';
import { heldReply, textReply } from '../../src/demo/replies.ts';
import { addKey } from '../../src/keys/edit-keys.ts';
import { toKeysFile } from '../../src/keys/keys-file.ts';
import { holdAnswers } from '../support/hold-answers.ts';
import { lastTextOf, toTexts } from '../support/upstream-texts.ts';
import { readSse } from '../support/read-sse.ts';
import {
  KEY,
  ONE_EACH,
  type Proxy,
  type ProxyOptions,
  startProxy,
} from '../support/start-proxy.ts';
import { untilNoProcess } from '../support/watch-place.ts';

/** One for most tests, each of which has sessions of a key of its own. */
let shared: Proxy;
let proxy: Proxy;
let key: string;
beforeAll(async () => {
  shared = await startProxy({ settings: { WORKER_CONCURRENCY: '2' } });
});
afterAll(() => shared.stop());
beforeEach(async () => {
  proxy = shared;
  proxy.model.requests.length = 0;
  proxy.model.answer = demoAnswer;
  const file = toKeysFile(join(proxy.folder, 'state'));
  ({ key } = await addKey(file, randomUUID(), { scopes: ['agent'] }));
});

const UNKNOWN = '00000000-0000-4000-8000-000000000000';

test('a session goes on with its history, also after a restart', async () => {
  await startOwn();
  const sessionId = await runNew('The word is lighthouse.');
  const second = await run({ prompt: 'And now?', sessionId });
  expect(second).toMatchObject({ sessionId, result: expect.stringContaining('And now?') });
  expect(upstreamTexts()).toEqual([
    ['user', 'The word is lighthouse.'],
    ['assistant', expect.stringContaining('The word is lighthouse.')],
    ['user', 'And now?'],
  ]);

  proxy = await proxy.restart();
  await run({ prompt: 'Still there?', sessionId });
  expect(upstreamTexts()).toHaveLength(5);
  expect(upstreamTexts()[0]).toEqual(['user', 'The word is lighthouse.']);
  expect(await list()).toMatchObject([{ id: sessionId, turns: 3 }]);
});

test('a session is listed and got, and when deleted its transcript goes too', async () => {
  const sessionId = await runNew('Remember me.');
  const session = {
    id: sessionId,
    title: 'Remember me.',
    model: 'claude-sonnet-5-5',
    workingDirectory: expect.stringMatching(/\/workspace$/),
    turns: 1,
    createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
    lastUsedAt: expect.stringMatching(/^\d{4}-.*Z$/),
  };
  expect(await list()).toEqual([session]);
  expect(await (await ask(`/api/sessions/${sessionId}`)).json()).toEqual(session);
  expect(await transcripts()).toContain(`${sessionId}.jsonl`);

  const deleted = await ask(`/api/sessions/${sessionId}`, undefined, { method: 'DELETE' });
  expect(await deleted.json()).toEqual({ id: sessionId, deleted: true });
  expect(await transcripts()).not.toContain(`${sessionId}.jsonl`);
  expect(await list()).toEqual([]);
  expect(await statusesOf(sessionId)).toEqual([404, 404, 404, 404]);
});

test('what was said in a session can be read, its tools included', async () => {
  const body = { prompt: 'demo:bash=printf green', allowedTools: ['Bash'] };
  const { sessionId } = await run(body);
  await run({ prompt: 'Thank you.', sessionId });

  const path = `/api/sessions/${String(sessionId)}/messages`;
  const { messages, hasMore } = await readMessages(path);
  expect(hasMore).toBe(false);
  expect(messages.map(({ role, parts }) => [role, ...parts])).toMatchObject([
    ['user', { type: 'text', text: body.prompt }],
    ['assistant', { type: 'tool-call', name: 'Bash', input: { command: 'printf green' } }],
    ['user', { type: 'tool-result', text: 'green', isError: false }],
    ['assistant', { type: 'text' }],
    ['user', { type: 'text', text: 'Thank you.' }],
    ['assistant', { type: 'text', text: expect.stringContaining('Thank you.') }],
  ]);
  const last = await readMessages(`${path}?limit=2`);
  expect(last).toEqual({ messages: messages.slice(-2), hasMore: true });
  expect((await ask(`${path}?limit=0`)).status).toBe(400);
});

test('an unknown session is a 404 everywhere, and no process is started for it', async () => {
  expect(await statusesOf(UNKNOWN)).toEqual([404, 404, 404, 404]);
  expect(proxy.model.requests).toEqual([]);
});

test('sessions need the key', async () => {
  const answers = await Promise.all([
    fetch(`${proxy.url}/api/sessions`),
    fetch(`${proxy.url}/api/sessions/${UNKNOWN}`),
    fetch(`${proxy.url}/api/sessions/${UNKNOWN}`, { method: 'DELETE' }),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([401, 401, 401]);
});

test('a session that rests for SESSION_TTL_MS is gone, its transcript at the next start', async () => {
  await startOwn();
  const sessionId = await runNew('Hello.');
  proxy = await proxy.restart({ settings: { SESSION_TTL_MS: '1' } });
  expect(await list()).toEqual([]);
  expect(await statusesOf(sessionId)).toEqual([404, 404, 404, 404]);
  expect(await transcripts()).toEqual([]);
});

test('one session more than MAX_SESSIONS_PER_KEY, and the oldest idle one goes', async () => {
  await startOwn({ settings: { MAX_SESSIONS_PER_KEY: '2' } });
  const first = await runNew('first');
  const second = await runNew('second');
  await run({ prompt: 'first again', sessionId: first });
  const third = await runNew('third');
  expect((await list()).map(({ id }) => id)).toEqual([third, first]);
  expect((await transcripts()).toSorted()).toEqual([`${first}.jsonl`, `${third}.jsonl`].toSorted());
  expect((await send({ prompt: 'second?', sessionId: second })).status).toBe(404);
});

test('two runs on one session never overlap: the second one waits and knows what the first said', async () => {
  const gate = Promise.withResolvers<void>();
  const sessionId = await runNew('Begin.');
  proxy.model.answer = (_, request) =>
    lastTextOf(request) === 'Long.'
      ? heldReply('A long answer.', gate.promise)
      : textReply('Short.');

  const long = run({ prompt: 'Long.', sessionId });
  await proxy.model.waitForRequest((request) => lastTextOf(request) === 'Long.');
  const second = run({ prompt: 'Second.', sessionId });
  // A place is free: a run outside the session takes it, begins later and is through first.
  await run({ prompt: 'Elsewhere.' });
  expect(proxy.model.requests.map(lastTextOf)).toEqual(['Begin.', 'Long.', 'Elsewhere.']);

  gate.resolve();
  expect(await long).toMatchObject({ result: 'A long answer.' });
  expect(await second).toMatchObject({ result: 'Short.', sessionId });
  expect(upstreamTexts().slice(2)).toEqual([
    ['user', 'Long.'],
    ['assistant', 'A long answer.'],
    ['user', 'Second.'],
  ]);
});

test('a resumed session obeys the system prompt of the new call', async () => {
  const { sessionId } = await run({ prompt: 'one', systemPrompt: 'Speak like a sailor.' });
  expect(upstreamSystem()).toContain('Speak like a sailor.');
  await run({ prompt: 'two', sessionId, systemPrompt: 'Speak like a judge.' });
  expect(upstreamSystem()).toContain('Speak like a judge.');
  expect(upstreamSystem()).not.toContain('sailor');
});

test('a session that goes on in another folder is refused', async () => {
  const sessionId = await runNew('Hello.');
  const elsewhere = join(proxy.folder, 'workspace');
  expect((await send({ prompt: 'x', sessionId, workingDirectory: elsewhere })).status).toBe(200);
  expect((await send({ prompt: 'x', sessionId, workingDirectory: '/' })).status).toBe(403);
});

test('a run whose client leaves is interrupted, and its session goes on', async () => {
  await startOwn({ answer: holdAnswers('one two three four').answer, settings: ONE_EACH });
  const client = new AbortController();
  const response = await ask(
    '/api/run',
    { prompt: 'Tell me a lot.', model: 'sonnet', stream: true },
    { signal: client.signal },
  );
  const sessionId = await readUntilText(response);
  client.abort();
  expect(await proxy.model.requests[0]?.closed).toBe('aborted');
  await untilNoProcess(proxy);

  proxy.model.answer = demoAnswer;
  expect(await run({ prompt: 'Go on.', sessionId })).toMatchObject({ sessionId });
  expect(upstreamTexts()[0]).toEqual(['user', 'Tell me a lot.']);
  expect(await list()).toMatchObject([{ id: sessionId, turns: 2 }]);
});

test('a run that never began leaves neither a session nor a transcript', async () => {
  const before = await transcripts();
  const response = await send({ prompt: 'demo:error=400' });
  expect(response.status).toBe(400);
  expect(await list()).toEqual([]);
  expect(await transcripts()).toEqual(before);
});

/** The test asks a proxy of its own. */
async function startOwn(options: ProxyOptions = {}) {
  proxy = await startProxy(options);
  key = KEY;
  onTestFinished(() => proxy.stop());
}

function ask(path: string, body?: unknown, init: RequestInit = {}) {
  return proxy.send(path, body, { ...init, headers: { authorization: `Bearer ${key}` } });
}

function send(body: Record<string, unknown>) {
  return ask('/api/run', { model: 'sonnet', ...body });
}

async function run(body: Record<string, unknown>): Promise<Record<string, unknown>> {
  const response = await send(body);
  expect(response.status).toBe(200);
  return (await response.json()) as Record<string, unknown>; // an object, as its readers check
}

async function runNew(prompt: string): Promise<string> {
  return String((await run({ prompt }))['sessionId']);
}

async function list(): Promise<readonly { id: string }[]> {
  const body = await (await ask('/api/sessions')).json();
  return (body as { sessions: { id: string }[] }).sessions; // GET /api/sessions
}

/** What getting, reading, deleting and continuing the session are answered with. */
async function statusesOf(id: string) {
  const answers = await Promise.all([
    ask(`/api/sessions/${id}`),
    ask(`/api/sessions/${id}/messages`),
    ask(`/api/sessions/${id}`, undefined, { method: 'DELETE' }),
    send({ prompt: 'Hello?', sessionId: id }),
  ]);
  return answers.map(({ status }) => status);
}

async function readMessages(path: string) {
  const answer = await ask(path);
  return (await answer.json()) as {
    messages: { role: string; parts: object[] }[];
    hasMore: boolean;
  }; // GET /api/sessions/{id}/messages
}

/** The transcripts on disk, in whichever project folder. */
async function transcripts() {
  const names = await readdir(join(proxy.folder, 'home/.claude/projects'), {
    recursive: true,
    withFileTypes: true,
  }).catch(() => []);
  return names.filter((entry) => entry.isFile()).map(({ name }) => name);
}

function upstreamTexts() {
  return toTexts(proxy.model.requests.at(-1));
}

function upstreamSystem() {
  return JSON.stringify(proxy.model.requests.at(-1)?.body.system);
}

/** Reads the stream up to its first text; returns the session's id. */
async function readUntilText(response: Response) {
  let sessionId: unknown;
  for await (const { data } of readSse(response)) {
    const event = JSON.parse(data);
    sessionId ??= event.sessionId;
    if (event.type === 'part-delta') break;
  }
  return sessionId;
}
