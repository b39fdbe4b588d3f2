import type { ChatCompletion } from 'openai/resources';
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
  proxy.send('/v1/chat/completions', {
    model: 'sonnet',
    messages: [{ role: 'user', content: 'Hi' }],
    ...fields,
  });

const USAGE = {
  input_tokens: 100,
  output_tokens: 20,
  cache_read_input_tokens: 3000,
  cache_creation_input_tokens: 400,
};

test('a completion, whole', async () => {
  proxy.model.answer = () => textReply('Hello.', { usage: USAGE });
  const before = Math.floor(Date.now() / 1000);
  const response = await send();
  const completion = (await response.json()) as ChatCompletion;

  expect(response.status).toBe(200);
  expect(completion).toEqual({
    id: expect.stringMatching(/^chatcmpl-\w+$/),
    object: 'chat.completion',
    created: expect.any(Number),
    model: 'claude-sonnet-5-5',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: 'Hello.', refusal: null },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: {
      prompt_tokens: 3500,
      completion_tokens: 20,
      total_tokens: 3520,
      prompt_tokens_details: { cached_tokens: 3000, cache_write_tokens: 400, audio_tokens: 0 },
      completion_tokens_details: expect.objectContaining({ reasoning_tokens: 0 }),
    },
  });
  expect(completion.created).toBeGreaterThanOrEqual(before);
  expect(completion.created).toBeLessThanOrEqual(Date.now() / 1000);
});

test('a completion, streamed with its usage', async () => {
  proxy.model.answer = () => textReply('Hello you.', { usage: USAGE });
  const response = await send({ stream: true, stream_options: { include_usage: true } });
  const data = (await Array.fromAsync(readSse(response))).map((message) => message.data);
  expect(data.pop()).toBe('[DONE]');

  const chunks = data.map((json) => JSON.parse(json) as Record<string, unknown>);
  const [{ id, created } = {}] = chunks;
  const head = { id, created, object: 'chat.completion.chunk', model: 'claude-sonnet-5-5' };
  const toChunk = (delta: object, finish_reason: string | null = null) => ({
    ...head,
    choices: [{ index: 0, delta, logprobs: null, finish_reason }],
    usage: null,
  });
  expect(id).toMatch(/^chatcmpl-\w+$/);
  expect(chunks).toEqual([
    toChunk({ role: 'assistant', content: '', refusal: null }),
    toChunk({ content: 'Hello' }),
    toChunk({ content: ' you.' }),
    toChunk({}, 'stop'),
    {
      ...head,
      choices: [],
      usage: expect.objectContaining({
        prompt_tokens: 3500,
        completion_tokens: 20,
        total_tokens: 3520,
      }),
    },
  ]);
});

test('the id is the answer’s own, and never the same twice', async () => {
  proxy.model.answer = () => textReply('Hello.');
  const [one, other] = await Promise.all([send(), send()]);
  const { id } = (await one.json()) as ChatCompletion;
  expect(((await other.json()) as ChatCompletion).id).not.toBe(id);
});

test.for([
  ['sonnet', 'claude-sonnet-5-5'],
  ['claude-sonnet-5-5', 'claude-sonnet-5-5'],
  ['gpt-4o', /^claude-opus-/],
] as const)('asked for %s, the full id that answered is named', async ([model, full]) => {
  proxy.model.answer = () => textReply('Hello.');
  const completion = (await (await send({ model })).json()) as ChatCompletion;
  expect(completion.model).toMatch(full);
  expect(proxy.model.requests.at(-1)?.body.model).toBe(completion.model);
});

test('thinking is handed out beside the content', async () => {
  proxy.model.answer = () => thinkingReply('Hm, hm.', 'Yes.');
  const response = await send({ reasoning_effort: 'high' });
  expect(await response.json()).toMatchObject({
    choices: [{ message: { content: 'Yes.', reasoning_content: 'Hm, hm.' } }],
  });
  expect(proxy.model.requests.at(-1)?.body).toMatchObject({
    thinking: { type: 'adaptive' },
    output_config: { effort: 'high' },
  });
});

test('sampling reaches the model, and what cannot is named in x-ignored-params', async () => {
  proxy.model.answer = () => textReply('Hello.');
  const fields = { temperature: 0.2, stop: 'END', max_tokens: 50, seed: 1, n: 1, logit_bias: {} };
  const response = await send(fields);

  expect(response.status).toBe(200);
  expect(response.headers.get('x-ignored-params')).toBe('seed');
  expect(proxy.model.requests.at(-1)?.body).toMatchObject({
    temperature: 0.2,
    stop_sequences: ['END'],
    max_tokens: 50,
  });
});

test('bad input is refused before anything starts, naming the field', async () => {
  const before = proxy.model.requests.length;
  const content = [{ type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } }];
  const response = await send({ messages: [{ role: 'user', content }], stream: true });

  expect(response.status).toBe(400);
  expect(response.headers.get('content-type')).toContain('application/json');
  expect(await response.json()).toMatchObject({
    error: { type: 'invalid_request_error', param: 'messages.0.content.0' },
  });
  expect(proxy.model.requests.length).toBe(before);
});
