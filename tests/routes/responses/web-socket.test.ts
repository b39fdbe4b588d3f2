import { once } from 'node:events';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';

import { type Listening, listen } from '../../../src/http/listen.ts';
import { createLog } from '../../../src/observation/create-log.ts';
import { createKeyBook } from '../../../src/keys/key-book.ts';
import { createBackgroundRuns } from '../../../src/responses/background-runs.ts';
import { createResponsesInMemory } from '../../support/stores-in-memory.ts';
import { createResponseBook } from '../../../src/responses/response-book.ts';
import type { Run, RunRequest } from '../../../src/run.ts';
import { RunError } from '../../../src/run-error.ts';
import { cannedRun, text } from '../../dialects/canned-run.ts';
import { APP_KEY, createTestApp, get, type TestParts } from '../../support/create-test-app.ts';
import { openSocket } from './open-socket.ts';
import { toSaid } from './responses-app.ts';

let listening: Listening | undefined;
afterEach(async () => {
  const drained = listening?.drain();
  listening?.cut();
  await drained;
});

const sayHello: Run = () => cannedRun([text('Hello.')]);

async function serve(answer: Run = sayHello, parts: Pick<TestParts, 'keys' | 'log'> = {}) {
  const requests: RunRequest[] = [];
  const stopping = new AbortController();
  const limits = { ttlMs: 60_000, maxPerKey: 100, maxBytesPerKey: 1_000_000 };
  const app = createTestApp({
    ...parts,
    run(request, signal) {
      requests.push(request);
      return answer(request, signal);
    },
    responses: {
      book: createResponseBook({ store: createResponsesInMemory(), ...limits }),
      background: createBackgroundRuns(60_000),
      stopping: stopping.signal,
    },
  });
  listening = await listen({
    fetch: app.fetch,
    host: '127.0.0.1',
    port: 0,
    maxMessageBytes: 100_000,
    requestTimeoutMs: 60_000,
  });
  return { app, requests, url: listening.url, stop: () => stopping.abort() };
}

/** A model that stops after its first word until it is told to go on. */
function createHeldModel() {
  const gate = Promise.withResolvers<void>();
  const left = Promise.withResolvers<unknown>();
  const run: Run = async function* held(_request, signal): ReturnType<Run> {
    signal.addEventListener('abort', () => {
      left.resolve(signal.reason);
      gate.reject(signal.reason);
    });
    for await (const event of cannedRun([text('Hel', 'lo')])) {
      if (event.type === 'part-end') await gate.promise;
      yield event;
    }
  };
  return { run, release: gate.resolve, left: left.promise };
}

describe('a turn', () => {
  test('says in its first event what is not honoured', async () => {
    const { url } = await serve(async function* droppedTopK() {
      for await (const event of cannedRun([text('Hello.')]))
        yield event.type === 'run-start' ? { ...event, dropped: ['effort' as const] } : event;
    });
    const { say, turn } = await openSocket(url);
    say({ type: 'response.create', model: 'sonnet', input: 'Hi', text: { verbosity: 'low' } });
    const [first, ...later] = await turn();
    expect(first).toMatchObject({
      type: 'response.created',
      ignored_params: ['text.verbosity', 'reasoning.effort'],
    });
    expect(later.filter((event) => 'ignored_params' in event)).toEqual([]);

    say({ type: 'response.create', model: 'sonnet', input: 'Hi', generate: false });
    expect((await turn())[0]).not.toHaveProperty('ignored_params');
  });

  test('has the events of a stream', async () => {
    const { url } = await serve();
    const { say, turn } = await openSocket(url);
    say({ type: 'response.create', model: 'sonnet', input: 'Hi' });
    const events = await turn();
    expect(events.map(({ type }) => type)).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ]);
    expect(events.map((event) => event['sequence_number'])).toEqual(
      events.map((_, index) => index),
    );
  });

  test('is stored as any response, and can be continued on another connection', async () => {
    const { app, url, requests } = await serve();
    const { response } = await (await openSocket(url)).ask({ input: 'One' });
    const stored = await get(app, `/v1/responses/${response?.id}`);
    expect(await stored.json()).toEqual(response);
    const other = await openSocket(url);
    await other.ask({ input: 'Two', previous_response_id: response?.id });
    expect(requests.map(toSaid)[1]).toEqual(['user: One', 'assistant: Hello.', 'user: Two']);
  });

  test('that is not stored can be continued on the same connection only', async () => {
    const { url, requests } = await serve();
    const { ask } = await openSocket(url);
    const first = await ask({ input: 'One', store: false });
    const next = { input: 'Two', store: false, previous_response_id: first.response?.id };
    expect(await ask(next)).toMatchObject({ type: 'response.completed' });
    expect(requests.map(toSaid)[1]).toEqual(['user: One', 'assistant: Hello.', 'user: Two']);
    expect(await (await openSocket(url)).ask(next)).toMatchObject({
      type: 'error',
      status: 400,
      error: { code: 'previous_response_not_found', param: 'previous_response_id' },
    });
  });

  test('that fails forgets what it wanted to continue', async () => {
    let isBroken = false;
    const { url } = await serve((request, signal) => {
      if (isBroken) throw new RunError('overloaded', 'Too much.');
      return sayHello(request, signal);
    });
    const { ask } = await openSocket(url);
    const first = await ask({ input: 'One', store: false });
    const next = { input: 'Two', store: false, previous_response_id: first.response?.id };
    isBroken = true;
    expect(await ask(next)).toMatchObject({ type: 'error', status: 503 });
    isBroken = false;
    expect(await ask(next)).toMatchObject({ error: { code: 'previous_response_not_found' } });
  });

  test('waits for the one before', async () => {
    const { run, release } = createHeldModel();
    const { url, requests } = await serve(run);
    const { say, next, turn } = await openSocket(url);
    say({ type: 'response.create', model: 'sonnet', input: 'One' });
    say({ type: 'response.create', model: 'sonnet', input: 'Two' });
    await next();
    expect(requests).toHaveLength(1);
    release();
    const [first, second] = [await turn(), await turn()];
    expect(first.at(-1)?.type).toBe('response.completed');
    expect(second[0]?.type).toBe('response.created');
    expect(requests.map(toSaid)).toEqual([['user: One'], ['user: Two']]);
  });

  test('repeats the name of its lane', async () => {
    const { url } = await serve();
    const { say, turn } = await openSocket(url);
    say({ type: 'response.create', model: 'sonnet', input: 'Hi', stream_id: 'a' });
    say({ type: 'response.create', model: 'sonnet', input: '', stream_id: 'b' });
    expect(new Set((await turn()).map((event) => event['stream_id']))).toEqual(new Set(['a']));
    expect(await turn()).toMatchObject([{ type: 'error', stream_id: 'b' }]);
  });

  test('with generate: false asks the model nothing, and can be continued', async () => {
    const { url, requests } = await serve();
    const { ask } = await openSocket(url);
    const warm = await ask({ input: [], tools: [], generate: false, store: false });
    expect(warm).toMatchObject({ type: 'response.completed', response: { output: [] } });
    expect(requests).toEqual([]);
    await ask({ input: 'Hi', previous_response_id: warm.response?.id });
    expect(requests.map(toSaid)).toEqual([['user: Hi']]);
  });
});

test.for([
  ['no JSON', 'Hello?', null],
  ['another type', { type: 'response.steer' }, 'type'],
  ['no model', { type: 'response.create', input: 'Hi' }, 'model'],
  ['no input', { type: 'response.create', model: 'sonnet' }, 'input'],
  ['background', { type: 'response.create', model: 'sonnet', background: true }, 'background'],
] as const)('a message with %s is answered with an error, and the next is heard', async (row) => {
  const [, message, param] = row;
  const { url } = await serve();
  const { say, next, ask } = await openSocket(url);
  say(message);
  expect(await next()).toMatchObject({
    type: 'error',
    status: 400,
    error: { type: 'invalid_request_error', message: expect.any(String), param },
  });
  expect(await ask({ input: 'Hi' })).toMatchObject({ type: 'response.completed' });
});

test('a turn is answered with an error while its key cannot be looked up, and the connection stays', async () => {
  const keys = createKeyBook({ ownerKey: APP_KEY });
  const { url } = await serve(sayHello, { keys });
  const { ask } = await openSocket(url);
  const away = new RunError('queue-timeout', 'Redis is away.', { retryAfterSeconds: 2 });
  vi.spyOn(keys, 'find').mockRejectedValueOnce(away);
  expect(await ask({ input: 'Hi' })).toMatchObject({
    type: 'error',
    status: 503,
    error: { message: 'Redis is away.' },
  });
  expect(await ask({ input: 'Hi' })).toMatchObject({ type: 'response.completed' });
});

test('the log of a turn that failed has no command of Redis, whose arguments are secret', async () => {
  const lines: string[] = [];
  const log = createLog({
    level: 'info',
    secrets: [],
    destination: { write: (line) => void lines.push(line) },
  });
  const command = { name: 'get', args: ['hidden'] };
  const cause = Object.assign(new Error('READONLY'), { command });
  const failing: Run = () => {
    throw new RunError('queue-timeout', 'Redis is away.', { cause });
  };
  const { url } = await serve(failing, { log });
  const { ask } = await openSocket(url);
  expect(await ask({ input: 'Hi' })).toMatchObject({ type: 'error', status: 503 });
  const line = lines.find((one) => one.includes('"turn"'));
  expect(line).toContain('READONLY');
  expect(line).not.toContain('hidden');
});

test('closing ends the run', async () => {
  const { run, left } = createHeldModel();
  const { url } = await serve(run);
  const { say, next, socket } = await openSocket(url);
  say({ type: 'response.create', model: 'sonnet', input: 'Hi' });
  await next();
  socket.close();
  await expect(left).resolves.toMatchObject({ code: 'cancelled' });
});

test('a server that stops closes the connection when its turn is over', async () => {
  const { run, release } = createHeldModel();
  const { url, stop } = await serve(run);
  const { say, next, turn, closed } = await openSocket(url);
  say({ type: 'response.create', model: 'sonnet', input: 'Hi' });
  await next();
  stop();
  release();
  expect((await turn()).at(-1)?.type).toBe('response.completed');
  expect((await closed)[0]).toBe(1001);
});

test('without the key there is no connection', async () => {
  const { url } = await serve();
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/responses`);
  const [error] = (await once(socket, 'error')) as [Error];
  expect(error.message).toContain('401');
});

test('without an upgrade it is a 405', async () => {
  const { app } = await serve();
  const response = await get(app, '/v1/responses');
  expect(response.status).toBe(405);
  expect(await response.json()).toMatchObject({
    error: { message: expect.stringContaining('WebSocket') },
  });
});
