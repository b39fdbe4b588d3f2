import { channel } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createServer, type RequestListener, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export type Web = {
  url: string;
  port: number;
  /** Every request so far. */
  requests: IncomingMessage[];
  close(): Promise<void>;
};

/** A loopback server that plays the internet. */
export async function startWeb(listener: RequestListener): Promise<Web> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    listener(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a TCP server's address
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The addresses that this process tries to connect to, from now on, whether it succeeds or not. */
export function watchConnections() {
  const addresses: string[] = [];
  const created = channel('net.client.socket');
  const watch = (message: unknown) => {
    const { socket } = message as { socket: Socket }; // what Node publishes there
    socket.on('connectionAttempt', (address) => addresses.push(address));
  };
  created.subscribe(watch);
  return {
    addresses,
    [Symbol.dispose]() {
      created.unsubscribe(watch);
    },
  };
}
