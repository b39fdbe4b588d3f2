import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

import { KEY } from '../support/start-proxy.ts';
import type { Product } from './start-product.ts';

export type SlowReader = { socket: Socket; read: number };

/** A caller that takes one byte a second from its connection. */
export async function openSlowReader({ url }: Product, prompt: string): Promise<SlowReader> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  const body = JSON.stringify({
    model: 'sonnet',
    max_tokens: 100_000,
    stream: true,
    messages: [{ role: 'user', content: prompt }],
  });
  socket.pause();
  socket.write(
    `POST /v1/messages HTTP/1.1\r\nhost: ${hostname}\r\nx-api-key: ${KEY}\r\n` +
      `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  const reader = { socket, read: 0 };
  const timer = setInterval(() => {
    if (socket.read(1) !== null) reader.read += 1;
  }, 1000);
  socket.once('close', () => clearInterval(timer));
  socket.on('error', () => undefined); // the server may cut it
  return reader;
}
