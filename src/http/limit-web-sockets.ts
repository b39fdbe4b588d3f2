import type { HttpBindings } from '@hono/node-server';
import type { Context, MiddlewareHandler } from 'hono';

import { RunError } from '../run-error.ts';
import type { AppEnv } from './variables.ts';

/** Middleware that lets each key have so many WebSockets at a time; one more is a 429. */
export function limitWebSockets(maxPerKey: number): MiddlewareHandler<AppEnv> {
  const open = new Map<string, number>();
  const add = (keyId: string, count: number) => {
    const total = (open.get(keyId) ?? 0) + count;
    if (total > 0) open.set(keyId, total);
    else open.delete(keyId);
  };

  return async (c, next) => {
    const { keyId } = c.var.caller;
    const socket = readSocket(c);
    if (socket === undefined) return next();
    if ((open.get(keyId) ?? 0) >= maxPerKey) throw toTooManyError(maxPerKey);
    add(keyId, 1);
    // A handshake that fails closes the socket, too.
    socket.once('close', () => add(keyId, -1));
    return next();
  };
}

/** The connection, when it is to become a WebSocket. */
export function readSocket(c: Context<AppEnv>) {
  if (c.req.header('upgrade')?.toLowerCase() !== 'websocket') return undefined;
  const { incoming } = c.env as Partial<HttpBindings>; // a library's app may have another server
  return incoming?.socket;
}

function toTooManyError(maxPerKey: number) {
  return new RunError(
    'rate-limited',
    `This key has ${maxPerKey} WebSockets open already: close one, or ask for several responses over the same.`,
    { retryAfterSeconds: 1 },
  );
}
