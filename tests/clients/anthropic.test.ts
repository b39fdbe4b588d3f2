import Anthropic, { APIUserAbortError } from '@anthropic-ai/sdk';
import { describe, expect, test } from 'vitest';

import { demoAnswer } from '../../src/demo/answers.ts';
import { heldReply } from '../../src/demo/replies.ts';
import { createScriptedProxy } from '../support/create-scripted-proxy.ts';
import { KEY } from '../support/start-proxy.ts';
import { recordFetch } from './record-fetch.ts';

const HELLO = {
  model: 'sonnet',
  max_tokens: 1000,
  messages: [{ role: 'user', content: 'Hello.' }],
} satisfies Anthropic.MessageCreateParams;

const proxy = createScriptedProxy();
const anthropic = toClient({ baseURL: proxy.url });

describe('the key', () => {
  test('is taken as Bearer, as the 1.x SDK sends it', async () => {
    const { fetch, exchanges } = recordFetch(proxy.fetch);
    await toClient({ baseURL: proxy.url, fetch }).messages.create(HELLO);

    const headers = exchanges[0]?.headers;
    expect(headers?.get('authorization')).toBe(`Bearer ${KEY}`);
    expect(headers?.has('x-api-key')).toBe(false);
    expect(headers?.get('anthropic-version')).toBe('2026-10-21');
  });

  test('is taken as x-api-key with the older version, as earlier SDKs send it', async () => {
    const { fetch, exchanges } = recordFetch(proxy.fetch);
    const older = toClient({
      baseURL: proxy.url,
      fetch,
      defaultHeaders: {
        authorization: null,
        'x-api-key': KEY,
        'anthropic-version': '2023-06-01',
        'anthropic-beta': 'something-2099-01-01',
      },
    });
    const message = await older.messages.create(HELLO);

    expect(exchanges[0]?.headers.has('authorization')).toBe(false);
    expect(message.content).toHaveLength(1);
  });
});

describe('a whole message', () => {
  test('has every field of the API, in its type', async () => {
    const { data, response, request_id } = await anthropic.messages.create(HELLO).withResponse();

    expect(data).toEqual({
      id: expect.stringMatching(/^msg_\w+$/),
      type: 'message',
      role: 'assistant',
      model: 'claude-sonnet-5-5',
      content: [{ type: 'text', text: expect.stringContaining('Hello.'), citations: null }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      stop_details: null,
      container: null,
      diagnostics: null,
      usage: {
        input_tokens: expect.any(Number),
        output_tokens: 19,
        cache_read_input_tokens: 0,
        cache_creation_input_tokens: 0,
        cache_creation: null,
        inference_geo: null,
        output_tokens_details: null,
        server_tool_use: null,
        service_tier: null,
        speed: null,
      },
    });
    expect(data.usage.input_tokens).toBeGreaterThan(0);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(request_id).toMatch(/^req_\w+$/);
  });

  test('carries the id of its request', async () => {
    const message = await anthropic.messages.create(HELLO);

    expect(message._request_id).toMatch(/^req_\w+$/);
  });
});

describe('a streamed message', () => {
  test('is started, filled and ended in order', async () => {
    const events = await Array.fromAsync(
      await anthropic.messages.create({ ...HELLO, stream: true }),
    );
    const types = events.map(({ type }) => type);

    // The SDK keeps pings to itself.
    expect(types.filter((type) => type !== 'content_block_delta')).toEqual([
      'message_start',
      'content_block_start',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ]);
    expect(types.lastIndexOf('content_block_delta')).toBe(types.indexOf('content_block_stop') - 1);
    expect(events[1]).toEqual({
      type: 'content_block_start',
      index: 0,
      content_block: { type: 'text', text: '', citations: null },
    });
    expect(events[2]).toMatchObject({ index: 0, delta: { type: 'text_delta' } });
    expect(events.at(-2)).toMatchObject({
      delta: { stop_reason: 'end_turn', stop_sequence: null },
    });
  });

  test('begins empty, with no output counted yet, and tells the sum at its end', async () => {
    const events = await Array.fromAsync(
      await anthropic.messages.create({ ...HELLO, stream: true }),
    );
    const start = events.find((event) => event.type === 'message_start');
    const end = events.find((event) => event.type === 'message_delta');

    expect(start?.message).toMatchObject({
      id: expect.stringMatching(/^msg_\w+$/),
      content: [],
      stop_reason: null,
      usage: { input_tokens: expect.any(Number), output_tokens: 0 },
    });
    expect(end?.usage.output_tokens).toBe(19);
  });

  test('is an uncompressed event stream, although the client says JSON', async () => {
    const { fetch, exchanges } = recordFetch(proxy.fetch);
    const client = toClient({ baseURL: proxy.url, fetch });
    await Array.fromAsync(await client.messages.create({ ...HELLO, stream: true }));

    const { headers, response } = exchanges[0] ?? {};
    expect(headers?.get('accept')).toBe('application/json');
    expect(response?.headers.get('content-type')).toContain('text/event-stream');
    expect(response?.headers.get('content-encoding')).toBeNull();
  });
});

describe('the .stream() helper', () => {
  test('tells the text piece by piece, then the message it adds up to', async () => {
    const heard: string[] = [];
    const helper = anthropic.messages.stream(HELLO).on('text', (delta) => heard.push(delta));

    const message = await helper.finalMessage();

    expect(heard.length).toBeGreaterThan(5);
    expect(await helper.finalText()).toBe(heard.join(''));
    expect(message).toMatchObject({
      type: 'message',
      content: [{ type: 'text', text: heard.join('') }],
      stop_reason: 'end_turn',
      usage: { output_tokens: 19 },
    });
    expect(helper.request_id).toMatch(/^req_\w+$/);
  });

  test('its abort() closes the connection to the model', async () => {
    proxy.model.answer = () => heldReply('one two three four', new Promise(() => {}));
    const helper = anthropic.messages.stream(HELLO);
    helper.once('text', () => helper.abort());

    await expect(helper.done()).rejects.toBeInstanceOf(APIUserAbortError);
    await expect(proxy.model.requests.at(-1)?.closed).resolves.toBe('aborted');
    proxy.model.answer = demoAnswer;
  });
});

function toClient(options: ConstructorParameters<typeof Anthropic>[0]): Anthropic {
  return new Anthropic({ apiKey: KEY, maxRetries: 0, fetch: proxy.fetch, ...options });
}
