import OpenAI, { APIUserAbortError } from 'openai';
import { describe, expect, test } from 'vitest';

import { demoAnswer } from '../../src/demo/answers.ts';
import { heldReply } from '../../src/demo/replies.ts';
import { createScriptedProxy } from '../support/create-scripted-proxy.ts';
import { KEY } from '../support/start-proxy.ts';
import { recordFetch } from './record-fetch.ts';

const HELLO = {
  model: 'sonnet',
  messages: [{ role: 'user', content: 'Hello.' }],
} satisfies OpenAI.ChatCompletionCreateParams;

const proxy = createScriptedProxy();
const openai = toClient(`${proxy.url}/v1`);

describe('a whole completion', () => {
  test('has every field of the API, in its type', async () => {
    const { data, response, request_id } = await openai.chat.completions
      .create(HELLO)
      .withResponse();

    expect(data).toMatchObject({
      id: expect.stringMatching(/^chatcmpl-\w+$/),
      object: 'chat.completion',
      created: expect.any(Number),
      model: 'claude-sonnet-5-5',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: expect.any(String), refusal: null },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
    });
    expect(data.created).toBeLessThanOrEqual(Date.now() / 1000);
    expect(data.usage).toMatchObject({
      prompt_tokens: expect.any(Number),
      completion_tokens: 19,
      total_tokens: (data.usage?.prompt_tokens ?? 0) + 19,
      prompt_tokens_details: { cached_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 0 },
    });
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(request_id).toMatch(/^req_\w+$/);
  });
});

test('an answer carries the id of its request', async () => {
  const completion = await openai.chat.completions.create(HELLO);

  expect(completion._request_id).toMatch(/^req_\w+$/);
});

describe('a streamed completion', () => {
  test('names the role first, ends once, and is one completion throughout', async () => {
    const chunks = await Array.fromAsync(
      await openai.chat.completions.create({ ...HELLO, stream: true }),
    );
    const choices = chunks.map(({ choices: [choice] }) => choice);

    expect(choices[0]?.delta).toEqual({ role: 'assistant', content: '', refusal: null });
    expect(choices.slice(1, -1).map((choice) => Object.keys(choice?.delta ?? {}))).toEqual(
      choices.slice(1, -1).map(() => ['content']),
    );
    expect(choices.at(-1)).toMatchObject({ index: 0, delta: {}, finish_reason: 'stop' });
    expect(choices.filter((choice) => choice?.finish_reason)).toHaveLength(1);
    expect(new Set(choices.map((choice) => choice?.index))).toEqual(new Set([0]));
    const heads = chunks.map(({ id, object, created, model }) =>
      JSON.stringify({ id, object, created, model }),
    );
    expect(new Set(heads).size).toBe(1);
    expect(chunks[0]).toMatchObject({
      id: expect.stringMatching(/^chatcmpl-\w+$/),
      object: 'chat.completion.chunk',
      model: 'claude-sonnet-5-5',
    });
  });

  test('tells its usage in a last chunk without choices, when asked', async () => {
    const chunks = await Array.fromAsync(
      await openai.chat.completions.create({
        ...HELLO,
        stream: true,
        stream_options: { include_usage: true },
      }),
    );

    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: 19 } });
    expect(chunks.slice(0, -1).every(({ usage }) => usage === null)).toBe(true);
  });

  test('tells no usage unasked', async () => {
    const chunks = await Array.fromAsync(
      await openai.chat.completions.create({ ...HELLO, stream: true }),
    );

    expect(chunks.some((chunk) => 'usage' in chunk || chunk.choices.length !== 1)).toBe(false);
  });

  test('is an uncompressed event stream, although the client says JSON and gzip', async () => {
    const { fetch, exchanges } = recordFetch(proxy.fetch);
    const { data, response } = await toClient(`${proxy.url}/v1`, fetch)
      .chat.completions.create(
        { ...HELLO, stream: true },
        { headers: { 'accept-encoding': 'gzip' } },
      )
      .withResponse();
    await Array.fromAsync(data);

    expect(exchanges[0]?.headers.get('accept')).toBe('application/json');
    expect(exchanges[0]?.headers.get('x-stainless-lang')).toBe('js');
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    expect(response.headers.get('content-encoding')).toBeNull();
  });
});

describe('the .stream() helper', () => {
  test('tells the text piece by piece, then the completion it adds up to', async () => {
    const heard: string[] = [];
    const names: string[] = [];
    const runner = openai.chat.completions
      .stream({ ...HELLO, stream_options: { include_usage: true } })
      .on('connect', () => names.push('connect'))
      .on('content', (delta) => heard.push(delta))
      .on('content.done', () => names.push('content.done'))
      .on('finalChatCompletion', () => names.push('finalChatCompletion'))
      .on('end', () => names.push('end'));

    const completion = await runner.finalChatCompletion();
    await runner.done();

    expect(names).toEqual(['connect', 'content.done', 'finalChatCompletion', 'end']);
    expect(heard.length).toBeGreaterThan(5);
    expect(await runner.finalContent()).toBe(heard.join(''));
    expect(completion).toMatchObject({
      object: 'chat.completion',
      choices: [{ message: { role: 'assistant', content: heard.join('') }, finish_reason: 'stop' }],
      usage: { completion_tokens: 19 },
    });
  });

  test('its abort() closes the connection to the model', async () => {
    proxy.model.answer = () => heldReply('one two three four', new Promise(() => {}));
    const runner = openai.chat.completions.stream(HELLO);
    runner.once('content', () => runner.abort());

    await expect(runner.done()).rejects.toBeInstanceOf(APIUserAbortError);
    await expect(proxy.model.requests.at(-1)?.closed).resolves.toBe('aborted');
    proxy.model.answer = demoAnswer;
  });
});

function toClient(baseURL: string, fetch = proxy.fetch): OpenAI {
  return new OpenAI({ baseURL, apiKey: KEY, maxRetries: 0, fetch });
}
