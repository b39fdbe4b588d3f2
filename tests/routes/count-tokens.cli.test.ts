import type { Message } from '@anthropic-ai/sdk/resources';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';

import { countTokens } from '../../src/demo/count-tokens.ts';
import type { MessagesBody } from '../../src/demo/messages-body.ts';
import { PNG } from '../media/samples.ts';
import { holdAnswers } from '../support/hold-answers.ts';
import { shareProxy } from '../support/share-proxy.ts';
import { ONE_EACH, type Proxy, startProxy } from '../support/start-proxy.ts';
import { readQueue, untilNoProcess, untilWaiting } from '../support/watch-place.ts';

let proxy: Proxy;
beforeAll(async () => {
  proxy = await shareProxy();
});

const PIXEL = PNG.toString('base64');

const HI = [{ role: 'user', content: 'Hi there.' }];

const send = (fields: object = {}, init?: RequestInit) =>
  proxy.send('/v1/messages/count_tokens', { model: 'sonnet', messages: HI, ...fields }, init);

async function count(fields: object): Promise<number> {
  const response = await send(fields);
  expect(response.status).toBe(200);
  const { input_tokens: tokens } = (await response.json()) as { input_tokens: number };
  return tokens;
}

/** What a message costs that says the same. */
async function cost(fields: object): Promise<number> {
  const asked = { model: 'sonnet', max_tokens: 9, messages: HI, ...fields };
  const answer = (await (await proxy.send('/v1/messages', asked)).json()) as Message;
  return answer.usage.input_tokens;
}

/** What the model counts for messages; the CLI asks with an empty list of tools. */
const countedFor = (...messages: MessagesBody['messages']) =>
  countTokens({ model: 'claude-x', messages, tools: [] });

test('counts what the model counts, and asks it for no answer', async () => {
  const before = proxy.model.requests.length;
  const response = await send();
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({
    input_tokens: countedFor({ role: 'user', content: 'Hi there.' }),
  });
  expect(proxy.model.requests.length).toBe(before);
});

test('the history, the system prompt and the tools count, each for itself', async () => {
  const plain = await count({});
  const system = 'Be kind and brief. '.repeat(20);
  expect(await count({ system })).toBe(
    plain + countedFor({ role: 'user', content: system.trim() }),
  );

  const history = [
    { role: 'assistant', content: 'Hello. '.repeat(30) },
    { role: 'user', content: 'More. '.repeat(30) },
  ];
  expect(await count({ messages: [...HI, ...history] })).toBeGreaterThan(plain + 80);
});

test('tools count for as much as they cost in a message', async () => {
  const input_schema = { type: 'object' };
  const tools = ['one', 'two'].map((name) => ({
    name,
    description: 'Looks. '.repeat(500),
    input_schema,
  }));
  const counted = (await count({ tools })) - (await count({}));
  const paid = (await cost({ tools })) - (await cost({}));
  expect(Math.abs(counted - paid)).toBeLessThan(50);
});

test('an image counts', async () => {
  const source = { type: 'base64', media_type: 'image/png', data: PIXEL };
  const content = [
    { type: 'image', source },
    { type: 'text', text: 'Hi there.' },
  ];
  expect(await count({ messages: [{ role: 'user', content }] })).toBeGreaterThan(await count({}));
});

test('max_tokens is not needed and not refused; the operator’s model names hold', async () => {
  expect(await count({ max_tokens: 5, stream: true, temperature: 0 })).toBeGreaterThan(0);
  expect(await count({ model: 'gpt-4o' })).toBeGreaterThan(0);
});

describe('refuses what a message would be refused for', () => {
  test.for<[status: number, type: string, says: string, fields: object]>([
    [400, 'invalid_request_error', 'messages', { messages: [] }],
    [400, 'invalid_request_error', 'model', { model: undefined }],
    [400, 'invalid_request_error', 'temperature', { temperature: 2 }],
    [400, 'invalid_request_error', 'blank', { messages: [{ role: 'user', content: ' ' }] }],
    [404, 'not_found_error', 'claude?', { model: 'claude?' }],
    [404, 'not_found_error', 'nonsuch', { model: 'nonsuch' }],
  ])('%i %s: %s', async ([status, type, says, fields]) => {
    const response = await send(fields);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({
      type: 'error',
      error: { type, message: expect.stringContaining(says) },
    });
  });

  test('401 without a key', async () => {
    const response = await send({}, { headers: { authorization: '' } });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ error: { type: 'authentication_error' } });
  });
});

test('takes its turn among the runs, and leaves neither place nor process', async () => {
  const held = holdAnswers();
  const settings = { ...ONE_EACH, WORKER_CONCURRENCY: '1' };
  proxy = await startProxy({ settings, answer: held.answer });
  onTestFinished(() => proxy.stop());
  const run = proxy.send('/v1/messages', { model: 'sonnet', max_tokens: 9, messages: HI });
  await proxy.model.waitForRequest();
  const counted = send();
  const left = new AbortController();
  const leaving = send({}, { signal: left.signal });
  await untilWaiting(proxy, 2);

  left.abort();
  await expect(leaving).rejects.toThrow(/abort/);
  held.release();
  expect((await run).status).toBe(200);
  expect((await counted).status).toBe(200);
  await untilNoProcess(proxy);
  expect(await readQueue(proxy)).toMatchObject({ waiting: 0, running: 0 });
});
