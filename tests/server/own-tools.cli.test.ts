import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { expect, test } from 'vitest';

import type { MessagesBody } from '../../src/demo/messages-body.ts';
import { textReply, toolReply } from '../../src/demo/replies.ts';
import { HTML, PNG } from '../media/samples.ts';
import { startRun } from '../support/follow-run.ts';
import { shareProxy } from '../support/share-proxy.ts';
import type { Proxy } from '../support/start-proxy.ts';

let proxy: Proxy;

const WEATHER = {
  name: 'weather',
  description: 'The weather in a city.',
  inputSchema: {
    type: 'object',
    properties: { city: { type: 'string' }, 'at noon': { type: 'boolean' } },
    // What older drafts allowed, and the CLI would leave the tool out for.
    additionalProperties: { type: 'number', exclusiveMinimum: true, minimum: 0 },
  },
};

const NAME = 'mcp__client__weather';

/** What `at noon` is called upstream, where arguments have no blanks in their names. */
const toNoonKey = ({ tools = [] }: MessagesBody) => {
  const schema = tools.find(({ name }) => name === NAME)?.input_schema ?? {};
  return Object.keys(Object(schema['properties'])).find((key) => key !== 'city') ?? 'missing';
};

/** A model that asks for the weather in these cities at once, and says what came. */
const open = async (cities: readonly string[], settings: Record<string, string> = {}) => {
  proxy = await shareProxy({
    settings,
    answer(body) {
      const last = body.messages.findLast(({ role }) => role === 'user');
      const said = JSON.stringify(last?.content);
      if (said.includes('tool_result')) return textReply(said);
      const noon = toNoonKey(body);
      return toolReply(cities.map((city) => ({ name: NAME, input: { city, [noon]: true } })));
    },
  });
  return startRun(proxy, { permissionMode: 'dontAsk', tools: [WEATHER] });
};

const post = async (path: string, body: object) => {
  const response = await proxy.send(path, body);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

const result = async (id: string) =>
  JSON.stringify(await (await proxy.send(`/api/runs/${id}`)).json());

const toUrl = (bytes: Buffer) => `data:image/png;base64,${bytes.toString('base64')}`;

const serveImage = async () => {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'image/png').end(PNG);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // it listens on a port
  return {
    url: `http://127.0.0.1:${port}/sky.png`,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
};

test('the agent calls tools of the caller’s, who brings the results in any order', async () => {
  const { id, until } = await open(['Rome', 'Oslo']);
  const rome = await until('tool-request');
  const oslo = await until('tool-request');
  expect([rome, oslo]).toMatchObject([
    { toolName: 'weather', input: { city: 'Rome', 'at noon': true } },
    { toolName: 'weather', input: { city: 'Oslo', 'at noon': true } },
  ]);
  const offered = proxy.model.requests[0]?.body.tools?.find(({ name }) => name === NAME);
  expect(offered).toMatchObject({ description: WEATHER.description });
  expect(await (await proxy.send('/api/approvals')).json()).toMatchObject({
    approvals: [{ id: rome.id }, { id: oslo.id }],
  });

  const results = `/api/runs/${id}/tool-results`;
  const given = await post(results, { id: oslo.id, content: 'Snow.' });
  expect(given).toMatchObject({ status: 200, body: { id: oslo.id, decision: 'allow' } });
  expect((await post(results, { id: oslo.id, content: 'Sun.' })).status).toBe(409);
  expect((await post(results, { id: 'inp_none', content: 'Sun.' })).status).toBe(404);
  expect(await result(id)).toContain('"state":"waiting"');
  await post(results, { id: rome.id, content: 'It is broken.', isError: true });
  await until('run-end');
  const told = await result(id);
  expect(told).toContain('Snow.');
  expect(told).toMatch(/It is broken\.[^}]*is_error[^}]*true/);
});

test('a result may show images, which reach the agent as they are', async () => {
  const { id, until } = await open(['Rome', 'Oslo'], { MEDIA_ALLOWED_HOSTS: '127.0.0.1' });
  const rome = await until('tool-request');
  const oslo = await until('tool-request');
  const results = `/api/runs/${id}/tool-results`;
  const text = { type: 'text', text: 'The sky:' };
  const show = (...content: object[]) => post(results, { id: rome.id, content });

  expect(await show(text, { type: 'image', url: toUrl(HTML) })).toMatchObject({
    status: 400,
    body: { error: { param: 'content.1.url', message: expect.stringContaining('JPEG') } },
  });
  expect(await show({ type: 'image', url: 'http://127.0.0.1:1/sky.png' })).toMatchObject({
    status: 400,
    body: { error: { param: 'content.0.url' } },
  });
  const broken = { id: rome.id, isError: true, content: [text] };
  expect((await post(results, broken)).status).toBe(400);

  await using web = await serveImage();
  const image = { type: 'image', url: toUrl(PNG) };
  expect((await show(text, image, { type: 'image', url: web.url })).status).toBe(200);
  await post(results, { id: oslo.id, content: [text] });
  await until('run-end');
  const last = proxy.model.requests.at(-1)?.body.messages.findLast(({ role }) => role === 'user');
  const source = { type: 'base64', media_type: 'image/png', data: PNG.toString('base64') };
  const shown = { type: 'image', source };
  // The CLI keeps a copy beside the transcript, and says where.
  const kept = { type: 'text', text: expect.stringMatching(/^\[Image: source: .*\.png\]$/) };
  const toResult = (called: typeof rome, content: object[]) =>
    expect.objectContaining({ type: 'tool_result', tool_use_id: called['callId'], content });
  // They come in the order in which the CLI is done with them.
  expect(last?.content).toEqual(
    expect.arrayContaining([
      toResult(rome, [text, shown, kept, shown, kept]),
      toResult(oslo, [text]),
    ]),
  );
  expect(JSON.stringify(last)).not.toContain('is_error":true');
});

test('a call that nobody answers, or that is denied, is told to the agent', async () => {
  const { id, until } = await open(['Rome', 'Oslo'], { APPROVAL_TIMEOUT_MS: '1500' });
  const rome = await until('tool-request');
  await until('tool-request');
  const approval = `/api/runs/${id}/approvals/${rome.id}`;
  expect((await post(approval, { decision: 'allow' })).status).toBe(400);
  const denial = { decision: 'deny', message: 'The sky is closed.' };
  expect((await post(approval, denial)).status).toBe(200);
  await until('run-end');
  expect(await result(id)).toContain('The sky is closed.');
  expect(await result(id)).toContain('Nobody answered within 2 s.');
});

test('a run that is interrupted waits for no result any more', async () => {
  const { id, until } = await open(['Rome']);
  const rome = await until('tool-request');
  await post(`/api/runs/${id}/interrupt`, {});
  expect(await until('input-settled')).toMatchObject({ id: rome.id, decision: 'withdrawn' });
  expect(await until('run-end')).toMatchObject({ finish: 'interrupted' });
  const late = await post(`/api/runs/${id}/tool-results`, { id: rome.id, content: 'Sun.' });
  expect(late.status).toBe(409);
});
