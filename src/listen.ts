import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

import { getRequestListener } from '@hono/node-server';

/** A listening HTTP server. */
export type Listening = {
  url: string;
  /** Takes no new connections; resolves when the open ones are done. */
  drain(): Promise<void>;
  /** Cuts the connections that are still open. */
  cut(): void;
};

export type ListenOptions = {
  fetch: (request: Request) => Response | Promise<Response>;
  host: string;
  port: number;
};

/** Longer than most clients keep an idle connection, so that they close it and not we under their request. */
const KEEP_ALIVE_MS = 65_000;

const IDLE_CHECK_MS = 100;

/** Starts listening. Throws the system's error (`EADDRINUSE` …) when that fails. */
export async function listen({ fetch, host, port }: ListenOptions): Promise<Listening> {
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, getRequestListener(fetch));
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address() as AddressInfo; // a TCP server that listens has one

  return {
    url: `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`,
    async drain() {
      const closed = once(server, 'close');
      server.close();
      // Connections that become idle later are not closed by `close`.
      const idle = setInterval(() => {
        server.closeIdleConnections();
        // Clients open connections ahead; one that never said anything counts as busy for Node.
        for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
      }, IDLE_CHECK_MS);
      await closed.finally(() => clearInterval(idle));
    },
    cut: () => server.closeAllConnections(),
  };
}
