import { expect, test } from 'vitest';
import {
  startModelServer,
  type Answer,
  type UpstreamRequest,
} from '../../src/demo/model-server.ts';
import { heldReply, textReply } from '../../src/demo/replies.ts';
import { createClient, GOOD, openServer, post } from './with-server.ts';

const isSecond = ({ body }: UpstreamRequest) => body.max_tokens === 2;
const neverEnding: Answer = () => heldReply('one two', Promise.withResolvers().promise);

test('every request for an answer is kept in order, refused ones too', async () => {
  const server = await openServer();
  await post(server, GOOD);
  await post(server, { ...GOOD, max_tokens: 0 }, { path: '/v1/messages?beta=true' });
  expect(server.requests.map(({ path, body }) => [path, body.max_tokens])).toEqual([
    ['/v1/messages', 100],
    ['/v1/messages', 0],
  ]);
  expect(server.requests[0]?.headers['x-api-key']).toBe('any');
});

test('the script sees the request and may be replaced between two of them', async () => {
  const server = await openServer({ answer: ({ max_tokens: limit }) => textReply(`${limit}`) });
  const client = createClient(server);
  expect(await client.messages.stream(GOOD).finalText()).toBe('100');
  server.answer = async (_body, { path }) => textReply(path);
  expect(await client.messages.stream(GOOD).finalText()).toBe('/v1/messages');
});

test('a script that throws is a 500 that says why', async () => {
  const server = await openServer({
    answer: () => {
      throw new Error('no line left');
    },
  });
  const response = await post(server, GOOD);
  expect(response.status).toBe(500);
  expect(await response.json()).toMatchObject({
    error: { type: 'api_error', message: expect.stringContaining('no line left') },
  });
});

test('a request can be awaited before it comes and after it came', async () => {
  const server = await openServer();
  const awaited = server.waitForRequest(isSecond);
  await post(server, { ...GOOD, max_tokens: 1 });
  await post(server, { ...GOOD, max_tokens: 2 });
  expect(await awaited).toBe(server.requests[1]);
  expect(await server.waitForRequest()).toBe(server.requests[0]);
});

test('an answer that went out whole has finished', async () => {
  const server = await openServer();
  await (await post(server, { ...GOOD, stream: true })).text();
  expect(await server.requests[0]?.closed).toBe('finished');
});

test('an answer whose client leaves in the middle was aborted', async () => {
  const server = await openServer({ answer: neverEnding });
  const leaving = new AbortController();
  await post(server, { ...GOOD, stream: true }, { signal: leaving.signal });
  leaving.abort();
  expect(await server.requests[0]?.closed).toBe('aborted');
});

test('tokens are counted, the same for the same request, and no answer is asked for', async () => {
  const server = await openServer();
  const { messages } = createClient(server);
  const { max_tokens: _, ...body } = GOOD;
  const short = await messages.countTokens(body);
  const long = await messages.countTokens({ ...body, system: 'Be brief. '.repeat(40) });
  expect(short).toEqual(await messages.countTokens(body));
  expect(long.input_tokens).toBeGreaterThan(short.input_tokens + 90);
  expect(server.requests).toEqual([]);
});

test('an image counts no tokens for the length of its data', async () => {
  const server = await openServer();
  const data = 'A'.repeat(1_000_000);
  const content = [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data } }];
  const response = await post(server, { ...GOOD, messages: [{ role: 'user', content }] });
  expect(response.status).toBe(200);
});

test.each([
  ['POST', '/v1/complete'],
  ['GET', '/v1/messages'],
  ['GET', '/'],
])('%s %s is the 404 of the API', async (method, path) => {
  const server = await openServer();
  const response = await fetch(server.url + path, { method });
  expect(response.status).toBe(404);
  expect(await response.json()).toEqual({
    type: 'error',
    error: { type: 'not_found_error', message: 'Not Found' },
    request_id: response.headers.get('request-id'),
  });
});

test('a body that is no JSON is refused', async () => {
  const response = await post(await openServer(), '{"model":');
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { type: 'invalid_request_error' } });
});

test('an answer carries a request id of its own', async () => {
  const server = await openServer();
  const [one, other] = [await post(server, GOOD), await post(server, GOOD)];
  expect(one.headers.get('request-id')).toMatch(/^req_01/);
  expect(one.headers.get('request-id')).not.toBe(other.headers.get('request-id'));
});

test('a closed server takes no more requests and breaks off those it has', async () => {
  const server = await openServer({ answer: neverEnding });
  await post(server, { ...GOOD, stream: true });
  await server.close();
  expect(await server.requests[0]?.closed).toBe('aborted');
  await expect(post(server, GOOD)).rejects.toThrow('fetch failed');
});

test('a port that is taken is an error at the start', async () => {
  const { url } = await openServer();
  await expect(startModelServer({ port: Number(new URL(url).port) })).rejects.toMatchObject({
    code: 'EADDRINUSE',
  });
});
