import { once } from 'node:events';
import { createConnection } from 'node:net';
import { text } from 'node:stream/consumers';

import { upgradeWebSocket } from '@hono/node-server';
import { Hono } from 'hono';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';

import { limitWebSockets } from '../../src/http/limit-web-sockets.ts';
import { type Listening, listen } from '../../src/http/listen.ts';
import type { AppEnv } from '../../src/http/variables.ts';
import { RunError } from '../../src/run-error.ts';

const TOO_MANY = 'Unexpected server response: 429';

let listening: Listening;
beforeEach(async () => {
  const app = new Hono<AppEnv>();
  app.use((c, next) => {
    c.set('caller', { keyId: c.req.header('key') ?? '', user: undefined, requestId: 'r' });
    return next();
  });
  const greet = upgradeWebSocket(() => ({ onOpen: (_event, ws) => ws.send('Hello.') }));
  app.get('/', limitWebSockets(2), greet, (c) => c.text('no upgrade'));
  app.onError((error, c) =>
    c.text('', error instanceof RunError && error.code === 'rate-limited' ? 429 : 500),
  );
  listening = await listen({
    fetch: app.fetch,
    host: '127.0.0.1',
    port: 0,
    maxMessageBytes: 1000,
    requestTimeoutMs: 60_000,
  });
});
afterEach(async () => {
  const drained = listening.drain();
  listening.cut();
  await drained;
});

const connect = (key: string) => new WebSocket(listening.url, { headers: { key } });

/** Resolves with `'open'`, or what the server said instead. */
async function open(key: string): Promise<string> {
  const socket = connect(key);
  const failed = once(socket, 'error').then(([error]: Error[]) => error?.message ?? '');
  return Promise.race([once(socket, 'message').then(() => 'open'), failed]);
}

test('a key has its own number of them, however many others have', async () => {
  expect(await Promise.all(['a', 'a', 'a', 'b'].map(open))).toEqual([
    'open',
    'open',
    TOO_MANY,
    'open',
  ]);
});

/** Asks again while the server has not heard yet of a socket that closed. */
async function openSoon(key: string): Promise<string> {
  for (;;) if ((await open(key)) === 'open') return 'open';
}

test('one that closes makes room', async () => {
  const first = connect('a');
  await once(first, 'message');
  expect([await open('a'), await open('a')]).toEqual(['open', TOO_MANY]);
  first.close();
  expect(await openSoon('a')).toBe('open');
});

test('a handshake that fails takes no place, nor does a request without one', async () => {
  const { hostname, port } = new URL(listening.url);
  for (let index = 0; index < 5; index += 1) {
    const socket = createConnection({ host: hostname, port: Number(port) });
    socket.end(
      'GET / HTTP/1.1\r\nHost: a\r\nKey: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    );
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 4/);
    expect(await (await fetch(listening.url, { headers: { key: 'a' } })).text()).toBe('no upgrade');
  }
  expect([await openSoon('a'), await openSoon('a')]).toEqual(['open', 'open']);
});
