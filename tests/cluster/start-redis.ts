import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Redis } from 'ioredis';

export type RedisServer = {
  url: string;
  /** What it writes is here. */
  folder: string;
  /** For what a test wants to know of it. */
  client: Redis;
  signal: (signal: NodeJS.Signals) => void;
  /** Ends it; what stood in it is on the disk. */
  shutDown: () => Promise<void>;
  /** Starts it again on the same port and folder. */
  start: () => Promise<void>;
  stop: () => Promise<void>;
};

/** A Redis on a free loopback port, in a folder of its own; settings by the names of Redis. */
export async function startRedis({
  bind = '127.0.0.1',
  requirepass = '',
  ...settings
}: Readonly<Record<string, string>> = {}): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'redis-'));
  const port = await findPort(bind);
  const url = `redis://${requirepass && `:${requirepass}@`}${bind}:${port}`;
  const client = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: null });
  client.on('error', () => undefined);
  let server: ChildProcess | undefined;

  const start = async () => {
    const options = {
      bind,
      requirepass,
      port: String(port),
      dir: folder,
      appendonly: 'yes',
      save: '',
      ...settings,
    };
    const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
    server = spawn('redis-server', args, { stdio: 'ignore' });
    await client.ping();
  };
  const shutDown = async () => {
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    const exited = once(server, 'exit');
    server.kill('SIGCONT');
    server.kill('SIGTERM');
    await exited;
  };
  await start();
  return {
    url,
    folder,
    client,
    start,
    shutDown,
    signal: (signal) => void server?.kill(signal),
    async stop() {
      client.disconnect();
      await shutDown();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 }); // a CLI may still write its last
    },
  };
}

async function findPort(host: string) {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}
