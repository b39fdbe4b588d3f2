import { describe, expect, test } from 'vitest';

import { RunError } from '../../../src/run-error.ts';
import type { Run } from '../../../src/run.ts';
import {
  APP_KEY,
  createTestApp,
  get,
  post,
  sayHello,
  type TestApp,
} from '../../support/create-test-app.ts';
import { readSse } from '../../support/read-sse.ts';

type Told = Record<string, unknown> & { id: string; runs: { id: string; state: string }[] };

const read = async (response: Response | Promise<Response>): Promise<Told> =>
  (await response).json() as Promise<Told>; // what it holds is looked at below

const remove = (app: TestApp, path: string) =>
  app.request(path, { method: 'DELETE', headers: { authorization: `Bearer ${APP_KEY}` } });

const start = (app: TestApp) => post(app, '/api/run', { prompt: 'Hello?', background: true });

/** The events of a run: its ids and types, to the end or to as many as wanted. */
async function follow(app: TestApp, id: string, { after = 0, most = Infinity } = {}) {
  const headers = { 'last-event-id': String(after) };
  const seen: [id: string | undefined, type: string | undefined][] = [];
  for await (const message of readSse(await get(app, `/api/runs/${id}/events`, headers))) {
    seen.push([message.id, message.event]);
    if (seen.length >= most) break;
  }
  return seen;
}

/** A run that says hello as soon as it may. */
function createHeldRun() {
  const held = Promise.withResolvers<void>();
  const run: Run = async function* held_(request, signal) {
    yield { type: 'run-progress', step: 'queued' };
    signal.throwIfAborted();
    const left = new Promise<void>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    await Promise.race([held.promise, left]);
    yield { type: 'run-progress', step: 'placed' };
    yield* sayHello(request, signal);
  };
  return { run, release: held.resolve };
}

/** A run that the end of the server cuts. */
const cut: Run = async function* cut(request, signal) {
  for await (const event of sayHello(request, signal)) {
    yield event;
    throw new RunError('shutting-down', 'The server stops.');
  }
};

const EVENTS = ['run-start', 'part-start', 'part-delta', 'part-end', 'run-end'].map(
  (type, index) => [String(index + 1), type],
);

describe('a run in the background', () => {
  test('is a 202 with the run, then its answer', async () => {
    const { run, release } = createHeldRun();
    const app = createTestApp({ run });
    const response = await start(app);
    const started = await read(response);
    expect(response.status).toBe(202);
    expect(response.headers.get('location')).toBe(`/api/runs/${started.id}`);
    expect(started).toMatchObject({ state: 'queued', background: true, answer: null });

    release();
    await follow(app, started.id);
    expect(await read(get(app, `/api/runs/${started.id}`))).toMatchObject({
      state: 'done',
      answer: { id: started.id, result: 'Hello.' },
      error: null,
    });
  });

  test('can be cancelled', async () => {
    const app = createTestApp({ run: createHeldRun().run });
    const { id } = await read(start(app));
    expect(await read(remove(app, `/api/runs/${id}`))).toMatchObject({ state: 'cancelled' });
    expect(await follow(app, id)).toEqual([['1', 'error']]);
  });

  test('that may not be is refused at once', async () => {
    const refusal = new RunError('forbidden', 'Not here.', { param: 'workingDirectory' });
    const run: Run = () => {
      throw refusal;
    };
    const app = createTestApp({ run });
    const response = await start(app);
    expect(response.status).toBe(403);
    expect(await read(get(app, '/api/runs'))).toMatchObject({ runs: [{ state: 'failed' }] });
  });

  test('does not stream as well', async () => {
    const body = { prompt: 'Hi', background: true, stream: true };
    const response = await post(createTestApp(), '/api/run', body);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { param: 'stream' } });
  });
});

test('a run whose caller leaves is cancelled, unless it was told to go on', async () => {
  for (const [onDisconnect, state] of [
    ['cancel', 'cancelled'],
    ['continue', 'done'],
  ]) {
    const { run, release } = createHeldRun();
    const app = createTestApp({ run });
    const watching = readSse(await get(app, '/api/events'))[Symbol.asyncIterator]();
    const next = async () =>
      JSON.parse((await watching.next()).value.data) as { runId: string; state: string };
    const left = new AbortController();
    const response = app.request('/api/run', {
      method: 'POST',
      headers: { authorization: `Bearer ${APP_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ prompt: 'Hi', onDisconnect }),
      signal: left.signal,
    });
    const { runId } = await next();
    left.abort();
    await response;
    release();
    while ((await next()).state !== state);
    await watching.return?.();
    expect(await read(get(app, `/api/runs/${runId}`))).toMatchObject({ state });
  }
});

describe('the events of a run', () => {
  test.each([0, 1, 2, 3, 4, 5])(
    'go on behind event %i, without a gap or a repeat',
    async (after) => {
      const { run, release } = createHeldRun();
      const app = createTestApp({ run });
      const { id } = await read(start(app));
      const live = follow(app, id, { after });
      release();
      expect(await live).toEqual(EVENTS.slice(after));
      expect(await follow(app, id, { after })).toEqual(EVENTS.slice(after));
    },
  );

  test('are those that the caller of a streamed run had', async () => {
    const app = createTestApp();
    const response = await post(app, '/api/run', { prompt: 'Hi', stream: true });
    const id = String(response.headers.get('x-request-id'));
    const had = await Array.fromAsync(readSse(response));
    expect(had.map((message) => [message.id, message.event])).toEqual(EVENTS);
    expect(await follow(app, id)).toEqual(EVENTS);
  });

  test('come as lines to whoever accepts them', async () => {
    const app = createTestApp();
    const { id } = await read(post(app, '/api/run', { prompt: 'Hi' }));
    const headers = { accept: 'application/x-ndjson' };
    const response = await get(app, `/api/runs/${id}/events?after=4`, headers);
    expect(JSON.parse(await response.text())).toMatchObject({ type: 'run-end' });
  });
});

test('every run is listed, the newest first, by pages, state and session', async () => {
  const app = createTestApp();
  const ids: string[] = [];
  for (const prompt of ['one', 'two', 'three']) {
    ids.unshift((await read(post(app, '/api/run', { prompt }))).id);
  }
  const list = async (query: string) => {
    const { runs, hasMore } = await read(get(app, `/api/runs?${query}`));
    return { ids: runs.map(({ id }) => id), hasMore };
  };
  expect(await list('')).toEqual({ ids, hasMore: false });
  expect(await list('limit=2')).toEqual({ ids: ids.slice(0, 2), hasMore: true });
  expect(await list(`before=${ids[1]}`)).toEqual({ ids: ids.slice(2), hasMore: false });
  expect(await list('state=done')).toEqual({ ids, hasMore: false });
  expect(await list('state=queued')).toEqual({ ids: [], hasMore: false });
  expect(await list('session=none')).toEqual({ ids: [], hasMore: false });
  expect((await get(app, '/api/runs?state=lost')).status).toBe(400);
});

test('a record can be deleted, but not while the run goes on', async () => {
  const { run, release } = createHeldRun();
  const app = createTestApp({ run });
  const { id } = await read(start(app));
  expect((await remove(app, `/api/runs/${id}/record`)).status).toBe(409);
  release();
  await follow(app, id);
  expect(await read(remove(app, `/api/runs/${id}/record`))).toEqual({ id, deleted: true });
  expect((await get(app, `/api/runs/${id}`)).status).toBe(404);
  expect((await get(app, `/api/runs/${id}/events`)).status).toBe(404);
});

test('only an interrupted run can be resumed', async () => {
  const app = createTestApp();
  const { id } = await read(post(app, '/api/run', { prompt: 'Hi' }));
  expect((await post(app, `/api/runs/${id}/resume`, {})).status).toBe(409);
});

test('one that was streamed when the server ended is resumed in the background', async () => {
  const app = createTestApp({ run: cut });
  const streamed = await post(app, '/api/run', { prompt: 'Hi', stream: true });
  const id = streamed.headers.get('x-request-id') ?? '';
  await streamed.text();
  const resumed = await post(app, `/api/runs/${id}/resume`, {});
  expect(resumed.status).toBe(202);
  expect(await read(resumed)).toMatchObject({ resumedFrom: id, background: true });
});

test('the states of all runs can be watched', async () => {
  const { run, release } = createHeldRun();
  const app = createTestApp({ run });
  const watching = readSse(await get(app, '/api/events'))[Symbol.asyncIterator]();
  const { id } = await read(start(app));
  release();
  for (const state of ['queued', 'running', 'done']) {
    const { value } = await watching.next();
    expect(JSON.parse(value.data)).toMatchObject({ type: 'run-state', runId: id, state });
  }
  await watching.return?.();
});
