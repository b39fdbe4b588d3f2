import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';

import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, expect, test } from 'vitest';

import type { Run } from '../../src/run.ts';
import {
  createWebhooks,
  type WebhookOptions,
  type Webhooks,
} from '../../src/webhooks/create-webhooks.ts';
import { startWeb, type Web, watchConnections } from '../media/start-web.ts';
import { createTestApp, post, sayHello } from '../support/create-test-app.ts';
import { createTestRunBook } from '../support/create-test-run-book.ts';

const SECRET = `whsec_${Buffer.alloc(32, 'k').toString('base64')}`;

/** What was told, and what the receiver answers in turn; then 200, or never. */
type Told = { body: Record<string, unknown>; request: IncomingMessage };
let web: Web;
let told: Told[];
let statuses: (number | 'never')[];
let wake: PromiseWithResolvers<void>;
let opened: Webhooks[] = [];

beforeEach(async () => {
  told = [];
  statuses = [];
  wake = Promise.withResolvers();
  web = await startWeb(async (request, response) => {
    const message = await text(request);
    const headers = request.headers as Record<string, string>; // none of them comes twice
    const body = new Webhook(SECRET).verify(message, headers) as Told['body']; // JSON objects
    told.push({ body, request });
    wake.resolve();
    wake = Promise.withResolvers();
    const status = statuses.shift() ?? 200;
    if (status === 'never') return;
    response.writeHead(status, { location: '/elsewhere' }).end();
  });
});
afterEach(async () => {
  await Promise.all(opened.map((webhooks) => webhooks.close()));
  opened = [];
  await web.close();
});

async function untilTold(count: number) {
  while (told.length < count) await wake.promise;
}

function open(run: Run, options: Partial<WebhookOptions> = {}) {
  const givenUp = Promise.withResolvers<{ host: string; subject: string; err: unknown }>();
  const webhooks = createWebhooks({
    allowedHosts: ['127.0.0.1'],
    onGivenUp: givenUp.resolve,
    retryDelaysMs: [1, 1],
    ...options,
  });
  opened.push(webhooks);
  const runs = createTestRunBook({ webhooks });
  const app = createTestApp({ run, runs });
  const start = (body: object = {}) =>
    post(app, '/api/run', { prompt: 'Hi', webhook: { url: web.url, secret: SECRET }, ...body });
  return { start, givenUp: givenUp.promise, webhooks };
}

const placed: Run = async function* placed(request, signal) {
  yield { type: 'run-progress', step: 'placed' };
  yield* sayHello(request, signal);
};

const asking: Run = async function* asking(request, signal) {
  yield { type: 'run-progress', step: 'placed' };
  for (const id of ['inp_1', 'inp_2']) {
    yield {
      type: 'approval-request',
      id,
      callId: 'toolu_1',
      toolName: 'Bash',
      input: { command: 'secret-command' },
      suggestions: [],
    };
  }
  for (const id of ['inp_1', 'inp_2']) yield { type: 'input-settled', id, decision: 'allow' };
  yield* sayHello(request, signal);
};

const toStates = () => told.map(({ body }) => body['type']);

test('each change of state is told in turn, signed, with ids and without content', async () => {
  const { start } = open(asking);
  const response = await start();
  expect(response.status).toBe(200);
  const { id, sessionId } = (await response.json()) as { id: string; sessionId: string | null };
  await untilTold(6);
  const data = { runId: id };
  expect(told.map(({ body }) => body)).toMatchObject([
    { type: 'run.queued', data: { ...data, sessionId: null, state: 'queued', approvals: [] } },
    { type: 'run.running', data },
    { type: 'run.waiting', data: { ...data, state: 'waiting', approvals: ['inp_1'] } },
    { type: 'run.waiting', data: { ...data, approvals: ['inp_1', 'inp_2'] } },
    { type: 'run.running', data: { ...data, approvals: [] } },
    { type: 'run.done', data: { ...data, sessionId, state: 'done' } },
  ]);
  expect(JSON.stringify(told.map(({ body }) => body))).not.toMatch(/secret-command|Hello|whsec_/);
});

test('what did not arrive is told again under the same id, before what comes behind it', async () => {
  statuses = [500, 302];
  const { start } = open(placed);
  await start();
  await untilTold(5);
  expect(toStates()).toEqual(['run.queued', 'run.queued', 'run.queued', 'run.running', 'run.done']);
  const ids = told.map(({ request }) => request.headers['webhook-id']);
  expect(new Set(ids.slice(0, 3)).size).toBe(1);
  expect(new Set(ids).size).toBe(3);
  expect(web.requests.map(({ url }) => url)).not.toContain('/elsewhere');
});

test('a webhook that never answers holds no run, and the end of the server does not wait for it', async () => {
  statuses = ['never'];
  const { start, webhooks, givenUp } = open(placed, { timeoutMs: 60_000 });
  expect((await start()).status).toBe(200);
  await untilTold(1);
  await webhooks.close();
  expect(await givenUp).toMatchObject({ host: `127.0.0.1:${web.port}` });
});

test('a webhook too slow is tried again', async () => {
  statuses = ['never'];
  const { start } = open(placed, { timeoutMs: 50 });
  await start();
  await untilTold(4);
  expect(toStates()).toEqual(['run.queued', 'run.queued', 'run.running', 'run.done']);
});

test('a dead webhook is given up, and its run is done', async () => {
  const dead = await startWeb(() => undefined);
  await dead.close();
  const { start, givenUp } = open(placed);
  const response = await start({ webhook: { url: dead.url, secret: SECRET } });
  expect(response.status).toBe(200);
  expect(await givenUp).toMatchObject({ host: `127.0.0.1:${dead.port}` });
});

test.each([
  'https://10.0.0.1/hook',
  'https://169.254.169.254/latest',
  'https://[::1]:8443/',
  'https://0x7f.1/',
  'http://93.184.215.14/',
  'http://example.com/',
  'https://name:word@example.com/',
  'ftp://example.com/',
  'example.com',
])('%s gets no webhook: a 400 before anything runs', async (url) => {
  const { start } = open(placed, { allowedHosts: [] });
  const response = await start({ webhook: { url, secret: SECRET } });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { param: 'webhook.url' } });
});

test('a name that leads to a private address is not connected to', async () => {
  using connections = watchConnections();
  const { start, givenUp } = open(placed, { allowedHosts: [] });
  const url = `https://localhost:${web.port}/`;
  expect((await start({ webhook: { url, secret: SECRET } })).status).toBe(200);
  expect(String((await givenUp).err)).toContain('may be connected to');
  expect(connections.addresses).toEqual([]);
});

test.each(['', 'secret', 'whsec_c2hvcnQ=', `whsec_${'!'.repeat(44)}`, `${SECRET}\n`])(
  'the secret %j is refused, unless it is 24 to 64 bytes in base64',
  async (secret) => {
    const { start } = open(placed);
    const response = await start({ webhook: { url: web.url, secret } });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('webhook.secret');
  },
);
