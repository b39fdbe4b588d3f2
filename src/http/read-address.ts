import type { Context } from 'hono';
import { z } from 'zod';

/** What @hono/node-server hands in. */
const Bindings = z.object({
  incoming: z.object({ socket: z.object({ remoteAddress: z.string() }) }),
});

/** The address at the other end of the connection; `undefined` where no Node server stands in front. */
export function readAddress(c: Context): string | undefined {
  return Bindings.safeParse(c.env).data?.incoming.socket.remoteAddress;
}
