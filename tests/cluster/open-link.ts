import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A way to a Redis that is as slow as it is told. */
export type Link = { url: string; close: () => Promise<void> };

/** Opens a loopback port behind which the server of this URL is; what is sent there passes so many bytes a second. */
export async function openSlowLink(url: string, bytesPerSecond: number): Promise<Link> {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => (near.destroy(), far.destroy()));
    }
    far.pipe(near);
    near.on('data', (data) => {
      far.write(data);
      near.pause();
      setTimeout(() => near.resume(), (data.length / bytesPerSecond) * 1000);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const own = typeof address === 'object' && address ? address.port : 0;
  return {
    url: `redis://127.0.0.1:${own}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
