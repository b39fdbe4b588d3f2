import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

import { createAdaptorServer, type WebSocketServerLike } from '@hono/node-server';
import { WebSocketServer } from 'ws';

import { makeRoom, readMaxConnections } from './bound-connections.ts';

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
  /** Longest message of a WebSocket, in bytes; a longer one closes it. */
  maxMessageBytes: number;
  /** Connections that may be open at a time. Default: half of the files that may be. */
  maxConnections?: number;
  /** Longest time for a request to arrive as a whole, in milliseconds; then Node answers with a 408. */
  requestTimeoutMs: number;
};

/** Longer than most clients keep an idle connection, so that they close it and not we under their request. */
const KEEP_ALIVE_MS = 65_000;

const HEADERS_MS = 60_000;

/** How often Node looks for requests that take too long. */
const LONGEST_CHECK_MS = 5000;

const IDLE_CHECK_MS = 100;

/** Starts listening. Throws the system's error (`EADDRINUSE` …) when that fails. */
export async function listen({
  fetch,
  host,
  port,
  maxMessageBytes,
  maxConnections = readMaxConnections(),
  requestTimeoutMs,
}: ListenOptions): Promise<Listening> {
  const webSockets = new WebSocketServer({ noServer: true, maxPayload: maxMessageBytes });
  const server = createAdaptorServer({
    fetch,
    serverOptions: {
      keepAliveTimeout: KEEP_ALIVE_MS,
      requestTimeout: requestTimeoutMs,
      headersTimeout: Math.min(HEADERS_MS, requestTimeoutMs),
      connectionsCheckingInterval: Math.min(LONGEST_CHECK_MS, requestTimeoutMs),
    },
    websocket: { server: webSockets as WebSocketServerLike }, // its options are there, whatever its types say
  }) as Server; // what it creates when it is not told to create another one
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    makeRoom(sockets, { max: maxConnections, closeIdle: () => server.closeIdleConnections() });
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
    cut() {
      server.closeAllConnections();
      // Those of WebSockets are not the server's any more.
      for (const socket of sockets) socket.destroy();
    },
  };
}
