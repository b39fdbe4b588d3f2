import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { demoAnswer } from '../../src/demo/answers.ts';
import { ask, CALL_NAMES } from '../support/calls.ts';
import { type HeldAnswers, holdAnswers } from '../support/hold-answers.ts';
import { readSse, type Sse } from '../support/read-sse.ts';
import { ONE_EACH, type Proxy, startProxy } from '../support/start-proxy.ts';
import { readProcesses, untilWaiting } from '../support/watch-place.ts';

let temporary: string;
let held: HeldAnswers;
let proxy: Proxy;
beforeEach(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'shutdown-'));
  vi.stubEnv('TMPDIR', temporary);
  held = holdAnswers();
});
afterEach(async () => {
  held.release();
  await proxy.stop();
  vi.unstubAllEnvs();
  await rm(temporary, { recursive: true, force: true });
});

test('what runs may finish; those who wait and those who come are sent away', async () => {
  await start({ WORKER_CONCURRENCY: '1' });
  const { messages, first } = await openStream('chat completions');
  const waiting = CALL_NAMES.map((name) => ask(proxy, name, 'waiting'));
  await untilWaiting(proxy, waiting.length);

  const stopped = proxy.server.stop('the test says so');
  for (const [index, answer] of waiting.entries()) {
    const response = await answer;
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ error: STOPS[CALL_NAMES[index] ?? 'messages'] });
  }
  const late = ask(proxy, 'messages', 'too late').then(({ status }) => status);
  // On a connection that is still open it is a 503; another one is not opened.
  expect([503, 'refused']).toContain(await late.catch(() => 'refused'));

  held.release();
  const rest = await Array.fromAsync(messages);
  expect(toText([...first, ...rest])).toBe('one two three four');
  expect(rest.at(-1)?.data).toBe('[DONE]');
  await stopped;
  await expectNothingLeft();
  expect(proxy.model.requests).toHaveLength(1);
});

test('what runs longer than the grace ends with the error of its dialect', async () => {
  await start({ WORKER_CONCURRENCY: '4', SHUTDOWN_GRACE_MS: '50' });
  const streams = await Promise.all(CALL_NAMES.map(openStream));
  const whole = ask(proxy, 'messages', 'whole');
  await proxy.model.waitForRequest(() => proxy.model.requests.length === 4);

  const stopped = proxy.server.stop('the test says so');
  for (const { name, messages } of streams) {
    const { event, data = '{}' } = (await Array.fromAsync(messages)).at(-1) ?? {};
    expect(event).toBe(name === 'chat completions' ? undefined : 'error');
    expect(JSON.parse(data)).toMatchObject({ error: STOPS[name] });
  }
  expect((await whole).status).toBe(503);
  await stopped;
  for (const request of proxy.model.requests) expect(await request.closed).toBe('aborted');
  await expectNothingLeft();
});

test('a session whose run was cut counts it, and goes on after the restart', async () => {
  await start({ SHUTDOWN_GRACE_MS: '0' });
  const { messages } = await openStream('agent runs');
  // How it ends for the caller is a fact of its own; on a busy machine the connection is cut first.
  const answer = Array.fromAsync(messages).catch(() => undefined);
  await proxy.server.stop('the test says so');
  await answer;

  proxy = await proxy.restart();
  proxy.model.answer = demoAnswer;
  const list = await (await proxy.send('/api/sessions')).json();
  const { sessions } = list as { sessions: { id: string }[] }; // GET /api/sessions
  expect(sessions).toEqual([expect.objectContaining({ title: 'Hello.', turns: 1 })]);
  const resumed = await proxy.send('/api/run', {
    prompt: 'Where were we?',
    sessionId: sessions[0]?.id,
  });
  expect(resumed.status).toBe(200);
  expect(JSON.stringify(proxy.model.requests.at(-1)?.body.messages)).toContain('Hello.');
});

test('a server that nobody used leaves nothing either, and stopping it twice does no harm', async () => {
  await start({});
  const stops = [proxy.server.stop('once'), proxy.server.stop('twice')];
  expect(await Promise.all(stops)).toEqual([undefined, undefined]);
  await expectNothingLeft();
});

const STOPS = {
  'chat completions': { type: 'server_error', code: 'shutting_down' },
  messages: { type: 'api_error' },
  'agent runs': { code: 'shutting-down' },
};

async function start(settings: Record<string, string>) {
  proxy = await startProxy({ answer: held.answer, settings: { ...ONE_EACH, ...settings } });
}

/** Opens a stream and reads up to the first words of the answer. */
async function openStream(name: (typeof CALL_NAMES)[number]) {
  const response = await ask(proxy, name, 'Hello.', { stream: true });
  const messages = readSse(response)[Symbol.asyncIterator]();
  const first: Sse[] = [];
  while (!first.at(-1)?.data.includes('one')) first.push((await messages.next()).value as Sse); // more is to come
  return { name, first, messages: { [Symbol.asyncIterator]: () => messages } };
}

function toText(messages: readonly Sse[]) {
  return messages
    .filter(({ data }) => data.startsWith('{'))
    .map(({ data }) => JSON.parse(data).choices[0]?.delta.content ?? '')
    .join('');
}

/** Neither a process nor anything of the server's own in the temporary folder. */
async function expectNothingLeft() {
  expect(await readProcesses(proxy)).toEqual([]);
  const names = await readdir(temporary);
  expect(names.filter((name) => !name.startsWith('proxy-test-'))).toEqual([]);
}
