import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A way to a Redis that is as slow as it is told, and can be cut. */
export type Link = {
  url: string;
  /** Nothing passes any more; connections stay open, and new ones get no answer. */
  cut: () => void;
  /** `isAnew`: only connections from now on work. Default: false. */
  mend: (isAnew?: boolean) => void;
  close: () => Promise<void>;
};

/** Opens a loopback port behind which the server of this URL is; what is sent there passes so many bytes a second. */
export async function openLink(url: string, bytesPerSecond = Infinity): Promise<Link> {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  let isCut = false;
  let dead: ReadonlySet<Socket> = new Set();
  const resume = (socket: Socket) => {
    if (!isCut && !dead.has(socket)) socket.resume();
  };
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('error', () => undefined);
      from.on('close', () => (sockets.delete(from), to.destroy()));
    }
    far.on('data', (data) => near.write(data));
    near.on('data', (data) => {
      far.write(data);
      near.pause();
      setTimeout(resume, (data.length / bytesPerSecond) * 1000, near);
    });
    if (isCut) for (const socket of [near, far]) socket.pause();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const own = typeof address === 'object' && address ? address.port : 0;
  return {
    url: `redis://127.0.0.1:${own}`,
    cut() {
      isCut = true;
      for (const socket of sockets) socket.pause();
    },
    mend(isAnew = false) {
      isCut = false;
      if (isAnew) dead = new Set(sockets);
      else for (const socket of sockets) resume(socket);
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
