import { once } from 'node:events';
import { createServer, type AddressInfo, connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';

import { HOP_HEADER } from '../../src/claude/launch/child-environment.ts';
import { ask, CALLS } from '../support/calls.ts';
import { shareProxy } from '../support/share-proxy.ts';
import { ONE_EACH, type Proxy, startProxy } from '../support/start-proxy.ts';
import { untilNoProcess } from '../support/watch-place.ts';

const proxies: Proxy[] = [];
afterEach(async () => {
  await Promise.all(proxies.splice(0).map((proxy) => proxy.stop()));
});

test.each([
  ['127.0.0.1', '127.0.0.1'],
  ['127.0.0.1', 'localhost'],
  ['127.0.0.1', '0.0.0.0'],
  ['127.0.0.1', '[::1]'],
  ['0.0.0.0', '127.0.0.1'],
  ['0.0.0.0', 'localhost'],
  ['localhost', '127.0.0.1'],
])('a server on %s whose CLI would call %s is not started', async (host, name) => {
  const port = await findFreePort();
  const starting = startProxy({
    settings: { HOST: host, PORT: String(port) },
    environment: { ANTHROPIC_BASE_URL: `http://${name}:${port}/v1` },
  });
  await expect(starting).rejects.toThrow(
    new RegExp(`^ANTHROPIC_BASE_URL is http://.*:${port}/v1, which is this server itself: .*\\.$`),
  );
  await expect(fetch(`http://127.0.0.1:${port}/health`)).rejects.toThrow('fetch failed');
});

test('what bears the mark of a proxy’s own CLI is a 508 in each dialect', async () => {
  const proxy = await shareProxy();
  for (const { path, toBody } of Object.values(CALLS)) {
    const response = await proxy.send(path, toBody('Hello.'), { headers: { [HOP_HEADER]: '1' } });
    expect(response.status).toBe(508);
    expect(response.headers.get('x-should-retry')).toBe('false');
  }
  expect(proxy.model.requests).toEqual([]);
});

test('a CLI that calls another proxy is refused there, and the caller reads why', async () => {
  const second = await start();
  const first = await start({ ANTHROPIC_BASE_URL: second.url });
  await expectLoop(ask(first, 'agent runs', 'Hello.'));
  expect(second.model.requests).toEqual([]);
  await untilNoProcess(second);
});

test('a server that its CLI reaches by another name starts one CLI, not one after the other', async () => {
  // With PORT=0 no start can know the port, and behind a name of its own no check can see it.
  const detour = createServer();
  detour.listen(0, '127.0.0.1');
  await once(detour, 'listening');
  const { port } = detour.address() as AddressInfo; // it listens on TCP
  const proxy = await start({ ANTHROPIC_BASE_URL: `http://127.0.0.1:${port}` });
  let connections = 0;
  detour.on('connection', (client) => {
    connections += 1;
    const server = connect(Number(new URL(proxy.url).port), '127.0.0.1');
    client.pipe(server).pipe(client);
    client.on('error', () => server.destroy());
    server.on('error', () => client.destroy());
  });
  await expectLoop(ask(proxy, 'messages', 'Hello.'));
  await untilNoProcess(proxy);
  expect(connections).toBeGreaterThan(0);
  detour.close();
});

async function start(environment: Record<string, string> = {}) {
  const proxy = await startProxy({ environment, settings: ONE_EACH });
  proxies.push(proxy);
  return proxy;
}

async function expectLoop(asked: Promise<Response>) {
  const response = await asked;
  expect(response.status).toBe(508);
  expect(JSON.stringify(await response.json())).toContain('leads back to the proxy');
}

async function findFreePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // it listens on TCP
  server.close();
  await once(server, 'close');
  return port;
}
