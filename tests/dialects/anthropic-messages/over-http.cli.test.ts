import type { Message } from '@anthropic-ai/sdk/resources';
import { beforeAll, expect, test } from 'vitest';

import { textReply, thinkingReply } from '../../../src/demo/replies.ts';
import { readSse } from '../../support/read-sse.ts';
import { shareProxy } from '../../support/share-proxy.ts';
import type { Proxy } from '../../support/start-proxy.ts';

let proxy: Proxy;
beforeAll(async () => {
  proxy = await shareProxy();
});

const send = (fields: object = {}) =>
  proxy.send('/v1/messages', {
    model: 'sonnet',
    max_tokens: 100,
    messages: [{ role: 'user', content: 'Hi' }],
    ...fields,
  });

const USAGE = {
  input_tokens: 100,
  output_tokens: 20,
  cache_read_input_tokens: 3000,
  cache_creation_input_tokens: 400,
};

test('a message, whole', async () => {
  proxy.model.answer = () => textReply('Hello.', { usage: USAGE });
  const response = await send();

  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({
    id: expect.stringMatching(/^msg_\w+$/),
    type: 'message',
    role: 'assistant',
    model: 'claude-sonnet-5-5',
    content: [{ type: 'text', text: 'Hello.', citations: null }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: expect.objectContaining(USAGE),
    container: null,
    diagnostics: null,
    stop_details: null,
  });
});

test('a message, streamed, its output counted once', async () => {
  proxy.model.answer = () => textReply('Hello you.', { usage: USAGE });
  const messages = await Array.fromAsync(readSse(await send({ stream: true })));
  const events = messages.map(({ data }) => JSON.parse(data) as { type: string });

  expect(messages.map(({ event }) => event)).toEqual(events.map(({ type }) => type));
  expect(events).toEqual([
    {
      type: 'message_start',
      message: expect.objectContaining({
        id: expect.stringMatching(/^msg_\w+$/),
        model: 'claude-sonnet-5-5',
        content: [],
        stop_reason: null,
        usage: expect.objectContaining({ ...USAGE, output_tokens: 0 }),
      }),
    },
    { type: 'ping' },
    {
      type: 'content_block_start',
      index: 0,
      content_block: { type: 'text', text: '', citations: null },
    },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hello' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: ' you.' } },
    { type: 'content_block_stop', index: 0 },
    {
      type: 'message_delta',
      delta: expect.objectContaining({ stop_reason: 'end_turn', stop_sequence: null }),
      usage: expect.objectContaining(USAGE),
    },
    { type: 'message_stop' },
  ]);
});

test.for([
  ['sonnet', 'claude-sonnet-5-5'],
  ['claude-sonnet-5-5', 'claude-sonnet-5-5'],
  ['claude-3-5-sonnet-latest', /^claude-opus-/],
] as const)('asked for %s, the full id that answered is named', async ([model, full]) => {
  proxy.model.answer = () => textReply('Hello.');
  const message = (await (await send({ model })).json()) as Message;
  expect(message.model).toMatch(full);
  expect(proxy.model.requests.at(-1)?.body.model).toBe(message.model);
});

test('thinking is handed out with its signature, whole and streamed', async () => {
  proxy.model.answer = () => thinkingReply('Hm, hm.', 'Yes.');
  const thinking = { type: 'adaptive' };
  const whole = (await (await send({ thinking })).json()) as Message;
  const events = await Array.fromAsync(readSse(await send({ thinking, stream: true })));

  expect(whole.content).toEqual([
    { type: 'thinking', thinking: 'Hm, hm.', signature: btoa('demo:Hm, hm.') },
    { type: 'text', text: 'Yes.', citations: null },
  ]);
  const delta = { type: 'signature_delta', signature: btoa('demo:Hm, hm.') };
  expect(events.map(({ data }) => JSON.parse(data) as object)).toContainEqual({
    type: 'content_block_delta',
    index: 0,
    delta,
  });
});

test('a thinking budget reaches the model', async () => {
  proxy.model.answer = () => textReply('Hello.');
  await send({ max_tokens: 4096, thinking: { type: 'enabled', budget_tokens: 2048 } });
  expect(proxy.model.requests.at(-1)?.body.thinking).toMatchObject({
    type: 'enabled',
    budget_tokens: 2048,
  });
});

test('the stop sequence that ended the answer is named', async () => {
  proxy.model.answer = () =>
    textReply('One', { stopReason: 'stop_sequence', stopSequence: ' two' });
  expect(await (await send({ stop_sequences: [' two'] })).json()).toMatchObject({
    stop_reason: 'stop_sequence',
    stop_sequence: ' two',
  });
});

test('sampling reaches the model, and what cannot is named in x-ignored-params', async () => {
  proxy.model.answer = () => textReply('Hello.');
  const fields = { temperature: 0.2, top_k: 5, stop_sequences: ['END'], something_new: 1 };
  const response = await send(fields);

  expect(response.status).toBe(200);
  expect(response.headers.get('x-ignored-params')).toBe('something_new');
  expect(proxy.model.requests.at(-1)?.body).toMatchObject({
    temperature: 0.2,
    top_k: 5,
    stop_sequences: ['END'],
    max_tokens: 100,
  });
});

test('bad input is refused before anything starts', async () => {
  const before = proxy.model.requests.length;
  const response = await send({ max_tokens: undefined, stream: true });

  expect(response.status).toBe(400);
  expect(response.headers.get('content-type')).toContain('application/json');
  expect(await response.json()).toMatchObject({
    type: 'error',
    error: { type: 'invalid_request_error', message: 'max_tokens: is required' },
  });
  expect(proxy.model.requests.length).toBe(before);
});
