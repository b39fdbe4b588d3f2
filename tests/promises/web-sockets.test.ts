import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';

import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';

import { type Listening, listen } from '../../src/http/listen.ts';
import { OWNER } from '../../src/keys/api-key.ts';
import { createKeyStore } from '../../src/keys/key-store.ts';
import type { Run } from '../../src/run.ts';
import { openSocket } from '../routes/responses/open-socket.ts';
import { APP_KEY, sayHello, type TestApp } from '../support/create-test-app.ts';
import { createKeyedApp, createKeysFolder, type KeysFolder } from '../support/keys.ts';

const MAX_MESSAGE_BYTES = 100_000;

let folder: KeysFolder;
let listening: Listening;
beforeEach(async () => {
  folder = await createKeysFolder();
});
afterEach(async () => {
  const drained = listening.drain();
  listening.cut();
  await drained;
  await folder.remove();
});

async function serve(run: Run = sayHello): Promise<string> {
  const app: TestApp = createKeyedApp(folder, run);
  listening = await listen({
    fetch: app.fetch,
    host: '127.0.0.1',
    port: 0,
    maxMessageBytes: MAX_MESSAGE_BYTES,
    requestTimeoutMs: 60_000,
  });
  return listening.url;
}

const never: Run = async function* waiting(_request, signal): ReturnType<Run> {
  await once(signal, 'abort');
  yield* [];
};

/** A socket of somebody who has a key and bad manners. */
async function connect(url: string) {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/responses`, {
    headers: { authorization: `Bearer ${APP_KEY}` },
  });
  await once(socket, 'open');
  return socket;
}

test('who says more than may wait, and reads nothing, is cut off', async () => {
  const socket = await connect(await serve(never));
  const ended = once(socket, 'close');
  socket.on('error', () => undefined); // the connection may be reset while it still sends
  const state = { hasEnded: false };
  socket.on('close', () => {
    state.hasEnded = true;
  });
  socket.pause();
  let said = 0;
  for (; !state.hasEnded && said < 500_000; said += 1) {
    socket.send('x', () => undefined);
    if (said % 500 === 0) await setImmediate();
  }
  await ended;
  expect(said).toBeLessThan(500_000);
});

test('who reads is told, and goes on', async () => {
  const { say, next } = await openSocket(await serve(never));
  for (let count = 0; count < 100; count += 1) {
    say({ type: 'response.create', model: 'sonnet', input: 'Hi' });
  }
  const refused = [];
  while (refused.length < 50) {
    const event = await next();
    if (event.type === 'error') refused.push(event['status']);
  }
  expect(new Set(refused)).toEqual(new Set([429]));
});

test('a message that is too long closes the connection, and nothing else', async () => {
  const url = await serve();
  const bad = await openSocket(url);
  bad.say('x'.repeat(MAX_MESSAGE_BYTES + 1));
  expect((await bad.closed)[0]).toBe(1009);
  expect(await (await openSocket(url)).ask({ input: 'Hi' })).toMatchObject({
    type: 'response.completed',
  });
});

test.each([
  ['no JSON', 'x'],
  ['a list', '[]'],
  ['another event', '{"type":"session.update"}'],
  ['a name of the prototype', '{"__proto__":{"type":"response.create"}}'],
  ['an agent', '{"type":"response.create","model":"sonnet","input":1,"agent":{}}'],
])('%s is refused, and the connection goes on', async (_, text) => {
  const { say, next, ask } = await openSocket(await serve());
  say(text);
  expect(await next()).toMatchObject({ type: 'error', status: 400 });
  expect(await ask({ input: 'Hi' })).toMatchObject({ type: 'response.completed' });
});

test.each(['revoked', 'rotated'] as const)(
  'a key that is %s is worth nothing on a connection that is open',
  async (how) => {
    const key = await folder.add();
    const { ask, say, next, closed } = await openSocket(await serve(), key);
    expect(await ask({ input: 'Hi' })).toMatchObject({ type: 'response.completed' });

    const store = createKeyStore(folder.place);
    const [{ id } = OWNER] = await store.list();
    await (how === 'revoked' ? store.revoke(id) : store.rotate(id, { overlapSeconds: 0 }));
    say({ type: 'response.create', model: 'sonnet', input: 'Hi' });
    expect(await next()).toMatchObject({ type: 'error', status: 401 });
    expect((await closed)[0]).toBe(1008);
  },
);

test('a key that is rotated goes on while its time lasts', async () => {
  const key = await folder.add();
  const { ask } = await openSocket(await serve(), key);
  const store = createKeyStore(folder.place);
  const [{ id } = OWNER] = await store.list();
  await store.rotate(id, { overlapSeconds: 60 });
  expect(await ask({ input: 'Hi' })).toMatchObject({ type: 'response.completed' });
});
