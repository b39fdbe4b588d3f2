import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';

import { status } from '../../src/cli/status.ts';
import { type Listening, listen } from '../../src/http/listen.ts';
import type { Run } from '../../src/run.ts';
import { START } from '../observation/runs.ts';
import { APP_KEY, createTestApp, post } from '../support/create-test-app.ts';
import { createContext } from './command-context.ts';

let server: Listening;
let port: string;
let goOn: PromiseWithResolvers<void>;
let started: PromiseWithResolvers<void>;
let app: ReturnType<typeof createTestApp>;

beforeEach(async () => {
  goOn = Promise.withResolvers();
  started = Promise.withResolvers();
  const run: Run = async function* hold() {
    yield START;
    started.resolve();
    await goOn.promise;
  };
  app = createTestApp({ run });
  server = await listen({
    fetch: app.fetch,
    host: '127.0.0.1',
    port: 0,
    maxMessageBytes: 1000,
    requestTimeoutMs: 60_000,
  });
  port = new URL(server.url).port;
});

afterEach(async () => {
  goOn.resolve();
  const drained = server.drain();
  server.cut();
  await drained;
});

test('tells queue, processes and what runs', async () => {
  const messages = [{ role: 'user', content: 'Hi' }];
  const asking = post(app, '/v1/chat/completions', { model: 'sonnet', messages });
  await started.promise;
  const { context, lines } = createContext(['--port', port], { PROXY_API_KEY: APP_KEY });
  expect(await status(context)).toBe(0);
  const text = lines.join('\n');
  expect(text).toContain(`claude-code-proxy 1.2.3 at http://127.0.0.1:${port}`);
  expect(text).toContain('CLI         2.1.330, logged in');
  expect(text).toContain('Places      0 of 2 taken');
  expect(text).toContain('Queue       0 of 10 waiting');
  expect(text).toMatch(
    /Requests {4}1 running\n {2}req_\w+ {2}OpenAI chat completions {2}claude-sonnet-5-5/,
  );
  goOn.resolve();
  await asking;
});

test('of a cluster, its workers; and what needs a person', async () => {
  const worker = { host: 'mini', id: 'w1', version: '1.2.3', running: 1, places: 2 };
  const report = {
    ...(await readStatus()),
    cluster: { isConnected: true, workers: [{ ...worker, isDraining: true }] },
    troubles: [{ name: 'no-workers', advice: 'Start one.' }],
  };
  const front = createHttpServer(({ url }, response) =>
    response.end(JSON.stringify(url?.endsWith('/runs') ? { running: [] } : report)),
  ).listen(0, '127.0.0.1');
  onTestFinished(() => void front.close());
  await once(front, 'listening');
  const ownPort = String((front.address() as AddressInfo).port); // it listens on TCP
  const { context, lines } = createContext(['--port', ownPort], { PROXY_API_KEY: APP_KEY });
  expect(await status(context)).toBe(0);
  const text = lines.join('\n');
  expect(text).toContain('Workers     1\n  mini  w1  1.2.3  1 of 2 taken, draining\n');
  expect(text).toContain('Trouble     Start one.');
});

async function readStatus() {
  const { context, lines } = createContext(['--json', '--port', port], { PROXY_API_KEY: APP_KEY });
  await status(context);
  return JSON.parse(lines.join()) as object;
}

test('as JSON for scripts', async () => {
  const { context, lines } = createContext(['--json', '--port', port], { PROXY_API_KEY: APP_KEY });
  expect(await status(context)).toBe(0);
  expect(JSON.parse(lines.join())).toMatchObject({
    url: `http://127.0.0.1:${port}`,
    queue: { waiting: 0, running: 0, concurrency: 2, maxWaiting: 10 },
    processes: {},
    running: [],
  });
});

test('another key is one sentence', async () => {
  const { context } = createContext(['--port', port], { PROXY_API_KEY: 'another-key-0123456789' });
  await expect(status(context)).rejects.toThrow(/has another key: set PROXY_API_KEY or STATE_DIR/);
});

test('no server is one sentence, and makes no key', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'status-'));
  const { context } = createContext(['--port', '9'], { STATE_DIR: folder });
  await expect(status(context)).rejects.toThrow(
    'No server answers at http://127.0.0.1:9: start it',
  );
  expect(await readdir(folder)).toEqual([]);
  await rm(folder, { recursive: true });
});

test('a server that accepts and stays silent is one sentence', async () => {
  const silent = createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const silentPort = String((silent.address() as AddressInfo).port); // it listens on TCP
  const { context } = createContext(['--timeout', '0.2', '--port', silentPort], {});
  await expect(status(context)).rejects.toThrow(/does not answer in time: .*--timeout/);
  silent.close();
});
