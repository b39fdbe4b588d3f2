import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { type Listening, listen } from '../../src/http/listen.ts';
import { APP_KEY, createTestApp } from '../support/create-test-app.ts';

const MAX_CONNECTIONS = 20;

let listening: Listening;
let sockets: Socket[] = [];
beforeEach(async () => {
  const app = createTestApp();
  listening = await listen({
    fetch: app.fetch,
    host: '127.0.0.1',
    port: 0,
    maxMessageBytes: 1000,
    maxConnections: MAX_CONNECTIONS,
    requestTimeoutMs: 300,
  });
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets = [];
  const drained = listening.drain();
  listening.cut();
  await drained;
});

async function open(): Promise<Socket> {
  const socket = connect(Number(new URL(listening.url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
}

/** Says it, and reads until the connection is closed. */
async function say(text: string): Promise<string> {
  const socket = await open();
  let heard = '';
  socket.on('data', (data) => {
    heard += String(data);
  });
  socket.write(text);
  await once(socket, 'close');
  return heard;
}

const HEAD = `Host: localhost\r\nAuthorization: Bearer ${APP_KEY}\r\nContent-Type: application/json\r\n`;
const BODY = '{"model":"sonnet","messages":[{"role":"user","content":"Hi"}]}';
const HIDDEN = 'GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n';

describe('two lengths, or a length that is none, are refused, and what is behind is no request', () => {
  test.each([
    ['a length and chunks', `Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['two lengths', `Content-Length: 0\r\nContent-Length: ${BODY.length}\r\n\r\n`],
    ['a length with a sign', `Content-Length: +${BODY.length}\r\n\r\n${BODY}`],
    ['a length in two', `Content-Length: 1,1\r\n\r\n${BODY}`],
    ['chunks that are not the last', 'Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n'],
    ['chunks by another name', 'Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n'],
    ['a chunk with a bad length', 'Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n'],
    ['a bare line feed in a header', `X: y\nContent-Length: 5\r\n\r\nhello`],
    ['a blank before the colon', `Content-Length : 5\r\n\r\nhello`],
    ['a folded header', `X: y\r\n z\r\nTransfer-Encoding\r\n : chunked\r\n\r\n`],
    ['a nought in a header', `X: y\0z\r\nContent-Length: 0\r\n\r\n`],
  ])('%s', async (_, rest) => {
    const heard = await say(`POST /v1/chat/completions HTTP/1.1\r\n${HEAD}${rest}${HIDDEN}`);
    expect(heard).toMatch(/^HTTP\/1\.1 400 /);
    expect(heard.match(/HTTP\/1\.1 /g)).toHaveLength(1);
  });
});

test.each([
  ['nothing', ''],
  ['half of a line', 'GET /health HT'],
  ['headers without an end', 'GET /health HTTP/1.1\r\nHost: localhost\r\n'],
  ['half of a body', `POST /v1/messages HTTP/1.1\r\n${HEAD}Content-Length: 1000\r\n\r\n{"mod`],
])('who says %s is not waited for', async (_, text) => {
  expect(await say(text)).toMatch(/^(?:HTTP\/1\.1 408 .*)?$/s);
});

test('connections that say nothing make room for those that do', async () => {
  for (let count = 0; count < 3 * MAX_CONNECTIONS; count += 1) await open();
  const response = await fetch(`${listening.url}/health`);
  expect(response.status).toBe(200);
});

test('those between two requests make room, too', async () => {
  for (let count = 0; count < 3 * MAX_CONNECTIONS; count += 1) {
    const socket = await open();
    socket.write('GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(socket, 'data');
  }
  expect((await fetch(`${listening.url}/health`)).status).toBe(200);
});
