import { once } from 'node:events';

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { type Listening, listen } from '../../src/http/listen.ts';
import { SCOPES } from '../../src/keys/api-key.ts';
import { createKeyStore } from '../../src/keys/key-store.ts';
import type { Run } from '../../src/run.ts';
import { openSocket } from '../routes/responses/open-socket.ts';
import { APP_KEY, sayHello, type TestApp } from '../support/create-test-app.ts';
import { createKeyedApp, createKeysFolder, type KeysFolder } from '../support/keys.ts';
import { readSse } from '../support/read-sse.ts';
import { ROUTES } from '../support/routes.ts';

let folder: KeysFolder;
let time: number;
beforeEach(async () => {
  folder = await createKeysFolder();
  time = Date.now();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await folder.remove();
});

/** An app that looks often, so that no test has to wait. */
const createApp = (run: Run = sayHello) =>
  createKeyedApp(folder, run, { keyCheckMs: 10 }, { now: () => time });

/** The keys, as another server on the same place changes them. */
const elsewhere = () => createKeyStore(folder.place);

async function readId(index = 0) {
  const found = (await elsewhere().list())[index];
  if (!found) throw new Error('There is no such key.');
  return found.id;
}

const revoke = async () => void (await elsewhere().revoke(await readId()));

const ENDS = {
  'is revoked': revoke,
  'gets another text at once': async () =>
    void (await elsewhere().rotate(await readId(), { overlapSeconds: 0 })),
  'had its text for a while after that': async () => {
    await elsewhere().rotate(await readId(), { overlapSeconds: 60 });
    time += 61_000;
  },
};
const EACH_END = Object.entries(ENDS);

const REFUSED = { type: 'error', status: 401, error: { code: 'invalid_api_key' } };

describe('a WebSocket on which nothing is said', () => {
  let listening: Listening;
  afterEach(async () => {
    const drained = listening.drain();
    listening.cut();
    await drained;
  });

  async function connect(key: string, run?: Run) {
    const { fetch } = createApp(run);
    const limits = { maxMessageBytes: 100_000, requestTimeoutMs: 60_000 };
    listening = await listen({ fetch, host: '127.0.0.1', port: 0, ...limits });
    return openSocket(listening.url, key);
  }

  test.each(EACH_END)('is told and closed when its key %s', async (_, end) => {
    const { next, closed } = await connect(await folder.add());
    await end();
    expect(await next()).toMatchObject(REFUSED);
    expect((await closed)[0]).toBe(1008);
  });

  test('stays while others are closed', async () => {
    const first = await connect(await folder.add());
    const second = await openSocket(listening.url, await folder.add());
    await revoke();
    await first.closed;
    expect(await second.ask({ input: 'Hi' })).toMatchObject({ type: 'response.completed' });
    await revoke();
    expect((await second.closed)[0]).toBe(1008);
  });

  test('has the answer that is under way before', async () => {
    const isAsked = Promise.withResolvers<void>();
    const mayAnswer = Promise.withResolvers<void>();
    const { say, turn, next, closed } = await connect(
      await folder.add(),
      async function* slow(...asked) {
        isAsked.resolve();
        await mayAnswer.promise;
        yield* sayHello(...asked);
      },
    );
    say({ type: 'response.create', model: 'sonnet', input: 'Hi' });
    await isAsked.promise;
    const other = await openSocket(listening.url, await folder.add());
    await revoke();
    await revoke();
    await other.closed; // the look was taken
    mayAnswer.resolve();
    expect((await turn()).at(-1)).toMatchObject({ type: 'response.completed' });
    expect(await next()).toMatchObject(REFUSED);
    expect((await closed)[0]).toBe(1008);
  });
});

/** Says that it began, and nothing more. */
const never: Run = async function* waiting(request, signal): ReturnType<Run> {
  for await (const event of sayHello(request, signal)) {
    yield event;
    await once(signal, 'abort');
  }
};

const OWN = { 'sec-fetch-site': 'same-origin', host: 'app' };

type Headers = Record<string, string>;

async function send(app: TestApp, path: string, body: object, headers: Headers) {
  const response = await app.request(path, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return (await response.json()) as { id: string }; // our own route
}

/** What has no end of its own. */
const STREAMS = {
  'the changes of all runs': async () => '/api/events',
  'the events of a run': async (app: TestApp, headers: Headers) => {
    const { id } = await send(app, '/api/run', { prompt: 'Hi', background: true }, headers);
    return `/api/runs/${id}/events`;
  },
  'a response in the background': async (app: TestApp, headers: Headers) => {
    const asked = { model: 'sonnet', input: 'Hi', background: true, stream: true };
    const begun = await app.request('/v1/responses', {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(asked),
    });
    for await (const { data } of readSse(begun)) {
      const { response } = JSON.parse(data) as { response: { id: string } };
      return `/v1/responses/${response.id}?stream=true`;
    }
    throw new Error('It said nothing.');
  },
};

/** Reads to the end; resolves with the last message. */
async function readLast(response: Response) {
  let last = '';
  for await (const { data } of readSse(response)) last = data;
  return last;
}

describe.each(Object.entries(STREAMS))('the stream of %s', (_name, toPath) => {
  async function follow() {
    const app = createApp(never);
    const headers = { authorization: `Bearer ${await folder.add({ scopes: [...SCOPES] })}` };
    const response = await app.request(await toPath(app, headers), { headers });
    expect(response.status).toBe(200);
    return { app, last: readLast(response) };
  }

  test.each(EACH_END)('ends with an error when its key %s', async (_, end) => {
    const { last } = await follow();
    await end();
    expect(await last).toContain('This key holds no more');
  });
});

test('a stream of agents’ events ends when its key is for chats only from now on', async () => {
  const headers = { authorization: `Bearer ${await folder.add({ scopes: ['agent'] })}` };
  const last = readLast(await createApp().request('/api/events', { headers }));
  await elsewhere().change(await readId(), { scopes: ['chat'] });
  expect(await last).toContain('unauthenticated');
});

test('a page’s stream of events ends when its user signs out, and no other', async () => {
  const app = createApp();
  const signIn = async () => {
    const body = new URLSearchParams({ key: APP_KEY });
    const response = await app.request('/sign-in', { method: 'POST', headers: OWN, body });
    return { ...OWN, cookie: response.headers.get('set-cookie')?.split(';')[0] ?? '' };
  };
  const [one, other] = [await signIn(), await signIn()];
  const last = readLast(await app.request('/api/events', { headers: one }));
  const staying = readSse(await app.request('/api/events', { headers: other }));
  const next = staying[Symbol.asyncIterator]().next();
  await app.request('/sign-out', { method: 'POST', headers: one });
  expect(await last).toContain('unauthenticated');
  await send(app, '/api/run', { prompt: 'Hi', background: true }, other);
  expect((await next).value).toMatchObject({ event: 'run-state' });
});

test.each(ROUTES.filter(({ body }) => body !== undefined))(
  'a body that comes when its key has ended is refused ($method $path)',
  async ({ method, path, body }) => {
    const key = await folder.add({ scopes: [...SCOPES] });
    const pieces = new TransformStream<Uint8Array, Uint8Array>();
    const asked = createApp().request(path, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: pieces.readable,
      duplex: 'half',
    });
    const writer = pieces.writable.getWriter();
    const bytes = new TextEncoder().encode(JSON.stringify(body));
    await writer.write(bytes.subarray(0, 1)); // somebody reads it: the key was good
    await revoke();
    const later = performance.now() + 1000;
    vi.spyOn(performance, 'now').mockReturnValue(later);
    await writer.write(bytes.subarray(1)).catch(() => undefined);
    await writer.close().catch(() => undefined);
    expect((await asked).status).toBe(401);
  },
);
