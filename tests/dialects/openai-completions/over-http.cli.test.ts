import OpenAI, { APIError, NotFoundError } from 'openai';
import { beforeAll, expect, test } from 'vitest';

import { errorReply, failingReply, textReply } from '../../../src/demo/replies.ts';
import { shareProxy } from '../../support/share-proxy.ts';
import { KEY, type Proxy } from '../../support/start-proxy.ts';

let proxy: Proxy;
let client: OpenAI;
beforeAll(async () => {
  proxy = await shareProxy();
  client = new OpenAI({ baseURL: `${proxy.url}/v1`, apiKey: KEY, maxRetries: 0 });
});

const ASK = {
  model: 'sonnet',
  prompt: 'Once upon',
  stop: ['\n', 'END'],
  max_tokens: 50,
  temperature: 0,
};

test('the openai client gets a completion, and the model what it asked for', async () => {
  proxy.model.answer = () => textReply('a time\nthere was');
  const { data, response } = await client.completions.create({ ...ASK, seed: 1 }).withResponse();
  expect(data).toMatchObject({
    id: expect.stringMatching(/^cmpl-/),
    object: 'text_completion',
    model: 'claude-sonnet-5-5',
    choices: [{ text: 'a time', index: 0, finish_reason: 'stop', logprobs: null }],
    usage: { prompt_tokens: expect.any(Number), completion_tokens: expect.any(Number) },
  });
  expect(response.headers.get('x-ignored-params')).toBe('seed');
  expect(proxy.model.requests.at(-1)?.body).toMatchObject({
    stop_sequences: ['END'],
    max_tokens: 50,
    temperature: 0,
  });
});

test('the openai client streams a completion', async () => {
  proxy.model.answer = () => textReply('a time', { stopReason: 'max_tokens' });
  const stream = await client.completions.create({
    ...ASK,
    stream: true,
    stream_options: { include_usage: true },
  });
  const chunks = await Array.fromAsync(stream);
  expect(chunks.map(({ choices }) => choices[0]?.text ?? '').join('')).toBe('a time');
  expect(chunks.flatMap(({ choices }) => choices[0]?.finish_reason ?? [])).toEqual(['length']);
  expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: expect.any(Number) } });
});

test('failures are the client’s own, before the text and in its middle', async () => {
  proxy.model.answer = () => errorReply(404, 'not_found_error', 'model: nonsuch');
  await expect(client.completions.create({ ...ASK, model: 'nonsuch' })).rejects.toBeInstanceOf(
    NotFoundError,
  );
  await expect(client.completions.create({ ...ASK, n: 9 })).rejects.toMatchObject({
    status: 400,
    param: 'n',
  });

  proxy.model.answer = () =>
    failingReply('a time there was', { type: 'overloaded_error', message: 'Overloaded' });
  const stream = await client.completions.create({ ...ASK, stream: true });
  await expect(Array.fromAsync(stream)).rejects.toBeInstanceOf(APIError);
});

test('two answers are two choices, whole and streamed', async () => {
  proxy.model.answer = () => textReply('a time');
  const completion = await client.completions.create({ ...ASK, n: 2 });
  expect(completion.choices.map(({ index }) => index)).toEqual([0, 1]);
  const chunks = await Array.fromAsync(
    await client.completions.create({ ...ASK, n: 2, stream: true }),
  );
  const finished = chunks.flatMap(({ choices }) =>
    choices.flatMap((choice) => (choice.finish_reason ? [choice.index] : [])),
  );
  expect(new Set(finished)).toEqual(new Set([0, 1]));
});
