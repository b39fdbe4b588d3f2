import { once } from 'node:events';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { type Listening, listen } from '../../src/http/listen.ts';
import type { Run } from '../../src/run.ts';
import { openSocket } from '../routes/responses/open-socket.ts';
import { sayHello } from '../support/create-test-app.ts';
import { createKeyedApp, createKeysFolder, type KeysFolder } from '../support/keys.ts';

const MAX_BYTES = 1_000_000;
const LIMITS = {
  maxBodyBytes: MAX_BYTES,
  heldBodies: { maxBytes: 1_500_000, maxBytesPerKey: MAX_BYTES },
};

const LARGE = 'x'.repeat(600_000);

const FULL_OF_KEY = { type: 'error', status: 429, error: { code: 'rate_limit_exceeded' } };
const FULL_OF_ALL = { type: 'error', status: 503 };
const TRY_AGAIN_LATER = 1013;

let folder: KeysFolder;
let listening: Listening;
let begun: PromiseWithResolvers<void>;
let release: () => void;
beforeEach(async () => {
  folder = await createKeysFolder();
  begun = Promise.withResolvers();
  const gate = Promise.withResolvers<void>();
  release = gate.resolve;
  const wait: Run = async function* wait(request, signal) {
    begun.resolve();
    await Promise.race([gate.promise, once(signal, 'abort')]);
    yield* sayHello(request, signal);
  };
  const { fetch } = createKeyedApp(folder, wait, LIMITS);
  const limits = { maxMessageBytes: MAX_BYTES, requestTimeoutMs: 60_000 };
  listening = await listen({ fetch, host: '127.0.0.1', port: 0, ...limits });
});
afterEach(async () => {
  const drained = listening.drain();
  listening.cut();
  await drained;
  await folder.remove();
});

const toMessage = (input: string) => ({ type: 'response.create', model: 'sonnet', input });

/** A socket with a large message that is being answered. */
async function hold(key: string) {
  const socket = await openSocket(listening.url, key);
  socket.say(toMessage(LARGE));
  await begun.promise;
  begun = Promise.withResolvers();
  return socket;
}

async function post(key: string, input: string) {
  const response = await fetch(`${listening.url}/v1/responses`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'sonnet', input }),
  });
  await response.text();
  return response.status;
}

test('a large message has no room beside another one of its key: it is told, and closed while it still sends', async () => {
  const key = await folder.add();
  const first = await hold(key);
  const second = await openSocket(listening.url, key);
  second.say(toMessage(LARGE));
  expect(await second.next()).toMatchObject(FULL_OF_KEY);
  expect((await second.closed)[0]).toBe(TRY_AGAIN_LATER);
  expect(await post(key, LARGE)).toBe(429); // bodies and messages are counted together

  release();
  expect((await first.turn()).at(-1)).toMatchObject({ type: 'response.completed' });
  const third = await openSocket(listening.url, key);
  expect(await third.ask({ input: LARGE })).toMatchObject({ type: 'response.completed' });
});

test('one of another key has none either when the server is full, a small one has', async () => {
  const [one, other] = [await folder.add(), await folder.add()];
  await hold(one);
  await hold(other);
  const third = await folder.add();
  const large = await openSocket(listening.url, third);
  large.say(toMessage(LARGE));
  expect(await large.next()).toMatchObject(FULL_OF_ALL);
  expect((await large.closed)[0]).toBe(TRY_AGAIN_LATER);
  const small = await openSocket(listening.url, third);
  small.say(toMessage('Hi'));
  await begun.promise;
  release();
  expect((await small.turn()).at(-1)).toMatchObject({ type: 'response.completed' });
});

test('a small message that has no room is refused, and its socket goes on', async () => {
  const key = await folder.add();
  const first = await hold(key);
  first.say(toMessage('y'.repeat(390_000)));
  const second = await openSocket(listening.url, key);
  const waiting = toMessage('z'.repeat(30_000));
  second.say(waiting);
  expect(await second.next()).toMatchObject(FULL_OF_KEY);
  release();
  expect((await first.turn()).at(-1)).toMatchObject({ type: 'response.completed' });
  expect((await first.turn()).at(-1)).toMatchObject({ type: 'response.completed' });
  expect(await second.ask(waiting)).toMatchObject({ type: 'response.completed' });
});

test('parts of messages that never end are counted, until their connection ends', async () => {
  const key = await folder.add();
  const first = await openSocket(listening.url, key);
  first.socket.send(LARGE, { fin: false });
  // When the pong is there, so are the bytes before it.
  first.socket.ping();
  await once(first.socket, 'pong');
  expect(await post(key, LARGE)).toBe(429);
  first.socket.terminate();
  release();
  while ((await post(key, LARGE)) !== 200); // the server hears of the end a little later
});

test('what is refused for another reason is not counted any more', async () => {
  const { say, next } = await openSocket(listening.url, await folder.add());
  for (let count = 0; count < 4; count += 1) {
    say(`"${LARGE}"`);
    expect(await next()).toMatchObject({ type: 'error', status: 400 });
  }
});
