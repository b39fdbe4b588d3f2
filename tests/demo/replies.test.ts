import { RateLimitError } from '@anthropic-ai/sdk';
import { expect, test } from 'vitest';
import {
  cutReply,
  emptyReply,
  errorReply,
  failingReply,
  heldReply,
  refusalReply,
  silentReply,
  slowReply,
  textReply,
  thinkingReply,
  toolReply,
  type Reply,
} from '../../src/demo/replies.ts';
import { createClient, GOOD, openServer, post } from './with-server.ts';

const STREAM = { ...GOOD, stream: true as const };

async function serve(reply: Reply) {
  return openServer({ answer: () => reply });
}

/** The data of the events that a stream was made of, `event:` lines checked against them. */
async function readEvents(reply: Reply): Promise<{ type: string; [key: string]: unknown }[]> {
  const response = await post(await serve(reply), STREAM);
  const blocks = (await response.text()).trimEnd().split('\n\n');
  return blocks.map((block) => {
    const [event = '', data = ''] = block.split('\n');
    const parsed = JSON.parse(data.slice('data: '.length));
    expect(event).toBe(`event: ${parsed.type}`);
    return parsed;
  });
}

test('a text is streamed word by word, between the events of the public API', async () => {
  const events = await readEvents(textReply('Hello my  friend'));
  expect(events.map(({ type, delta }) => (type === 'content_block_delta' ? delta : type)))
    .toMatchInlineSnapshot(`
      [
        "message_start",
        "content_block_start",
        "ping",
        {
          "text": "Hello",
          "type": "text_delta",
        },
        {
          "text": " my",
          "type": "text_delta",
        },
        {
          "text": "  friend",
          "type": "text_delta",
        },
        "content_block_stop",
        "message_delta",
        "message_stop",
      ]
    `);
});

test('a message starts with its id, the model that was asked for, and the usage so far', async () => {
  const [start] = await readEvents(textReply('Hello my friend'));
  expect(start).toMatchObject({
    message: {
      id: expect.stringMatching(/^msg_01/),
      type: 'message',
      role: 'assistant',
      model: 'claude-sonnet-5',
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: {
        input_tokens: 10,
        cache_read_input_tokens: 3,
        cache_creation_input_tokens: 2,
        output_tokens: 1,
      },
    },
  });
});

test('the usage at the end is that of the whole message', async () => {
  const events = await readEvents(textReply('one two three', { usage: { input_tokens: 7 } }));
  expect(events.at(-2)).toMatchObject({
    type: 'message_delta',
    delta: { stop_reason: 'end_turn', stop_sequence: null },
    usage: { input_tokens: 7, output_tokens: 3 },
  });
});

test('model, stop reason, stop sequence and pieces are as they were scripted', async () => {
  const reply = textReply('ab', {
    model: 'claude-other',
    stopReason: 'stop_sequence',
    stopSequence: 'c',
    pieces: ['a', 'b'],
  });
  const message = await createClient(await serve(reply)).messages.create(GOOD);
  expect(message).toMatchObject({
    model: 'claude-other',
    stop_reason: 'stop_sequence',
    stop_sequence: 'c',
    content: [{ type: 'text', text: 'ab' }],
  });
});

test.each<[string, Reply]>([
  ['text', textReply('Hello my friend')],
  ['thinking', thinkingReply('Let me see', 'Hello')],
  ['tools', toolReply([{ id: 'toolu_1', name: 'a', input: { city: 'Köln 🌧️ "am" Rhein' } }])],
  ['tools behind a text', toolReply([{ id: 'toolu_1', name: 'a', input: {} }], { text: 'So:' })],
  ['nothing', emptyReply()],
  ['a refusal', refusalReply('I')],
])('%s: the stream adds up to the whole message', async (_name, reply) => {
  const client = createClient(await serve(reply));
  const whole = await client.messages.create(GOOD);
  const streamed = await client.messages.stream(GOOD).finalMessage();
  expect(streamed.content).toEqual(whole.content);
  expect(streamed).toMatchObject({
    id: whole.id,
    stop_reason: whole.stop_reason,
    stop_details: whole.stop_details,
    usage: { output_tokens: whole.usage.output_tokens },
  });
});

test('thinking comes before the text and is signed', async () => {
  const client = createClient(await serve(thinkingReply('Let me see', 'Hello')));
  expect((await client.messages.create(GOOD)).content).toEqual([
    { type: 'thinking', thinking: 'Let me see', signature: expect.stringMatching(/.+/) },
    { type: 'text', text: 'Hello', citations: null },
  ]);
});

test('tool calls have ids of their own, whole inputs, and end the answer', async () => {
  const input = { city: 'Köln 🌧️', days: [1, 2, 3] };
  const reply = toolReply([
    { name: 'weather', input },
    { name: 'time', input: {} },
  ]);
  const message = await createClient(await serve(reply))
    .messages.stream(GOOD)
    .finalMessage();
  expect(message).toMatchObject({
    stop_reason: 'tool_use',
    content: [
      { type: 'tool_use', name: 'weather', input },
      { type: 'tool_use', name: 'time', input: {} },
    ],
  });
  const ids = message.content.map((block) => block.type === 'tool_use' && block.id);
  expect(new Set(ids).size).toBe(2);
});

test('a tool input comes in pieces, the first one empty', async () => {
  const events = await readEvents(toolReply([{ name: 'a', input: { city: 'Cologne' } }]));
  const pieces = events.flatMap(({ delta }) => {
    const { partial_json: piece } = (delta ?? {}) as { partial_json?: string };
    return piece === undefined ? [] : [piece];
  });
  expect(pieces).toEqual(['', '{"city":"Col', 'ogne"}']);
});

test('an empty answer has no content and ends normally', async () => {
  const message = await createClient(await serve(emptyReply())).messages.create(GOOD);
  expect(message).toMatchObject({ content: [], stop_reason: 'end_turn' });
});

test('a refusal says so', async () => {
  const message = await createClient(await serve(refusalReply())).messages.create(GOOD);
  expect(message).toMatchObject({
    content: [],
    stop_reason: 'refusal',
    stop_details: { type: 'refusal' },
  });
});

test('an error has its status, type, message, request id and retry-after', async () => {
  const reply = errorReply(429, 'rate_limit_error', 'slow down', { retryAfter: 7 });
  const failure = await createClient(await serve(reply))
    .messages.create(GOOD)
    .then(
      () => undefined,
      (error: unknown) => error,
    );
  expect(failure).toBeInstanceOf(RateLimitError);
  expect(failure).toMatchObject({
    error: { type: 'error', error: { type: 'rate_limit_error', message: 'slow down' } },
    requestID: expect.stringMatching(/^req_01/),
  });
  const response = await post(await serve(reply), GOOD);
  expect(response.headers.get('retry-after')).toBe('7');
});

test('a cut breaks the connection after the first half', async () => {
  const response = await post(await serve(cutReply('one two three four')), STREAM);
  let received = '';
  const reading = (async () => {
    for await (const chunk of response.body ?? []) received += Buffer.from(chunk).toString();
  })();
  await expect(reading).rejects.toThrow('terminated');
  expect(received).toContain('two');
  expect(received).not.toContain('three');
});

test('a cut of a whole answer gives no answer at all', async () => {
  await expect(post(await serve(cutReply('one two')), GOOD)).rejects.toThrow('fetch failed');
});

test('a failure in the middle is an error event in a stream, a status in a whole answer', async () => {
  const reply = failingReply('one two', { type: 'overloaded_error', message: 'Overloaded' });
  expect((await readEvents(reply)).at(-1)).toEqual({
    type: 'error',
    error: { type: 'overloaded_error', message: 'Overloaded' },
  });
  expect((await post(await serve(reply), GOOD)).status).toBe(529);
});

test('a held answer goes on when it is released', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stream = createClient(await serve(heldReply('one two', promise))).messages.stream(GOOD);
  const texts: string[] = [];
  stream.on('text', (text) => {
    texts.push(text);
    if (texts.length === 1) resolve();
  });
  expect(await stream.finalText()).toBe('one two');
  expect(texts).toEqual(['one', ' two']);
});

test('a slow answer waits after each word', async () => {
  let waits = 0;
  const reply = slowReply('one two three', async () => {
    waits += 1;
  });
  const client = createClient(await serve(reply));
  expect(await client.messages.stream(GOOD).finalText()).toBe('one two three');
  expect(waits).toBe(3);
});

test('silence lasts until the client leaves', async () => {
  const server = await serve(silentReply());
  const leaving = new AbortController();
  const answer = post(server, STREAM, { signal: leaving.signal });
  const request = await server.waitForRequest();
  leaving.abort();
  await expect(answer).rejects.toThrow('aborted');
  expect(await request.closed).toBe('aborted');
});
