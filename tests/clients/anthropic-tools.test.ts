import Anthropic from '@anthropic-ai/sdk';
import { betaZodTool } from '@anthropic-ai/sdk/helpers/beta/zod';
import { jsonSchemaOutputFormat } from '@anthropic-ai/sdk/helpers/json-schema';
import { zodOutputFormat } from '@anthropic-ai/sdk/helpers/zod';
import { ThreadUnsupportedRequestError } from '@anthropic-ai/sdk/resources/messages';
import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { demoAnswer } from '../../src/demo/answers.ts';
import { toolReply } from '../../src/demo/replies.ts';
import { createScriptedProxy } from '../support/create-scripted-proxy.ts';
import { KEY } from '../support/start-proxy.ts';
import { callThenSay, lastRequest, toResults } from '../tools/upstream.ts';
import { recordFetch } from './record-fetch.ts';

const PARIS = { name: 'weather', input: { city: 'Paris' } };
const ROME = { name: 'weather', input: { city: 'Rome' } };
const Person = z.object({ name: z.string(), tags: z.array(z.string()) });
const PERSON = { name: 'demo', tags: ['demo'] };

const WEATHER = {
  name: 'weather',
  description: 'Tells the weather.',
  input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
} satisfies Anthropic.Tool;

const proxy = createScriptedProxy();
const anthropic = toClient();
afterEach(() => {
  proxy.model.answer = demoAnswer;
});

describe.each([false, true])('the tool runner with stream: %s', (stream) => {
  test('runs the tools that the model calls, and gives its last words', async () => {
    proxy.model.answer = callThenSay([PARIS, ROME], 'Both are sunny.');
    const { fetch, exchanges } = recordFetch(proxy.fetch);
    const { tool, cities } = toRunnable();
    const message = await toClient(fetch).beta.messages.toolRunner(
      toParams({ tools: [tool], stream }),
    );

    expect(message.content).toMatchObject([{ type: 'text', text: 'Both are sunny.' }]);
    expect(cities).toEqual(['Paris', 'Rome']);
    // Asked once for a thread; refused, it sends the whole history each time.
    expect(exchanges.map(({ response }) => response.status)).toEqual([400, 200, 200]);
    expect(exchanges.map(({ body }) => 'thread' in Object(body))).toEqual([true, false, false]);
    expect(exchanges[2]?.body).toMatchObject({ messages: [{}, {}, {}], tools: [{}] });
    expect(toResults(lastRequest(proxy)).map(({ content }) => JSON.stringify(content))).toEqual([
      expect.stringContaining('Sunny in Paris.'),
      expect.stringContaining('Sunny in Rome.'),
    ]);
  });
});

test('a tool that throws tells the model so', async () => {
  proxy.model.answer = callThenSay([PARIS]);
  const tool = betaZodTool({
    name: 'weather',
    description: 'Tells the weather.',
    inputSchema: z.object({ city: z.string() }),
    run: () => Promise.reject(new Error('No wind.')),
  });
  await anthropic.beta.messages.toolRunner(toParams({ tools: [tool] }));

  expect(toResults(lastRequest(proxy))).toMatchObject([{ is_error: true }]);
  expect(JSON.stringify(toResults(lastRequest(proxy)))).toContain('No wind.');
});

test('a thread of the SDK goes on with its history, if told to do without a server that keeps it', async () => {
  const thread = anthropic.beta.messages.thread({
    model: 'sonnet',
    max_tokens: 1000,
    unsupportedRequestBehavior: 'continue_unthreaded',
  });
  await thread.send({ role: 'user', content: 'My name is Ada.' });
  const { content } = await thread.send({ role: 'user', content: 'Who am I?' });

  expect(content).toMatchObject([{ text: expect.stringContaining('It was sent 3 messages.') }]);
});

test('a thread of the SDK that was told nothing fails by the name that the SDK has for it', async () => {
  const thread = anthropic.beta.messages.thread({ model: 'sonnet', max_tokens: 1000 });

  await expect(thread.send({ role: 'user', content: 'Hello.' })).rejects.toBeInstanceOf(
    ThreadUnsupportedRequestError,
  );
});

describe('a message with calls', () => {
  test('has them as blocks behind the text', async () => {
    proxy.model.answer = () => toolReply([PARIS, ROME], { text: 'Let me see.' });
    const message = await anthropic.messages.create(toParams({ tools: [WEATHER] }));

    expect(message.stop_reason).toBe('tool_use');
    expect(message.content).toMatchObject([
      { type: 'text', text: 'Let me see.' },
      { type: 'tool_use', id: expect.stringMatching(/^toolu_/), ...PARIS },
      { type: 'tool_use', id: expect.stringMatching(/^toolu_/), ...ROME },
    ]);
  });

  test('streamed, starts each call empty and then fills it', async () => {
    proxy.model.answer = () => toolReply([PARIS, ROME]);
    const events = await Array.fromAsync(
      await anthropic.messages.create({ ...toParams({ tools: [WEATHER] }), stream: true }),
    );
    const started = events.filter(({ type }) => type === 'content_block_start');

    expect(started).toMatchObject([
      { index: 0, content_block: { type: 'tool_use', name: 'weather', input: {} } },
      { index: 1, content_block: { type: 'tool_use', name: 'weather', input: {} } },
    ]);
    for (const [index, { input }] of [PARIS, ROME].entries()) {
      const pieces = events.flatMap((event) =>
        event.type === 'content_block_delta' &&
        event.index === index &&
        event.delta.type === 'input_json_delta'
          ? [event.delta.partial_json]
          : [],
      );
      expect(pieces.length).toBeGreaterThan(1);
      expect(pieces.join('')).toBe(JSON.stringify(input));
    }
    expect(events.at(-2)).toMatchObject({ delta: { stop_reason: 'tool_use' } });
  });

  test.each([
    [{ type: 'any' }, 'tool_use'],
    [{ type: 'tool', name: 'weather' }, 'tool_use'],
    [{ type: 'none' }, 'end_turn'],
    [{ type: 'auto', disable_parallel_tool_use: true }, 'end_turn'],
  ] satisfies [Anthropic.ToolChoice, Anthropic.StopReason][])(
    'obeys the tool_choice %j',
    async (toolChoice, stopReason) => {
      const message = await anthropic.messages.create(
        toParams({ tools: [WEATHER], tool_choice: toolChoice }),
      );

      expect(message.stop_reason).toBe(stopReason);
      expect(lastRequest(proxy).body.tool_choice).toMatchObject(toolChoice);
    },
  );
});

describe('the .stream() helper', () => {
  test('tells the input as it grows, and the message with its calls', async () => {
    proxy.model.answer = () => toolReply([PARIS, ROME]);
    const snapshots: unknown[] = [];
    const helper = anthropic.messages
      .stream(toParams({ tools: [WEATHER] }))
      .on('inputJson', (_, snapshot) => snapshots.push(snapshot));
    const { content } = await helper.finalMessage();

    expect(snapshots).toContainEqual(PARIS.input);
    expect(snapshots.at(-1)).toEqual(ROME.input);
    expect(content).toMatchObject([PARIS, ROME]);
  });

  test('gives {} for a call without input', async () => {
    proxy.model.answer = () => toolReply([{ name: 'weather', input: {} }]);
    const { content } = await anthropic.messages
      .stream(toParams({ tools: [WEATHER] }))
      .finalMessage();

    expect(content).toMatchObject([{ type: 'tool_use', input: {} }]);
  });

  test('parses an object of a zod schema', async () => {
    const message = await anthropic.messages
      .stream(toParams({ output_config: { format: zodOutputFormat(Person) } }))
      .finalMessage();

    expect(message.parsed_output).toEqual(PERSON);
  });
});

describe('parse', () => {
  test('gives the object of a zod schema', async () => {
    const message = await anthropic.messages.parse(
      toParams({ output_config: { format: zodOutputFormat(Person) } }),
    );

    expect(message.parsed_output).toEqual(PERSON);
    expect(message.content).toHaveLength(1);
  });

  test('gives the object of a JSON Schema', async () => {
    const format = jsonSchemaOutputFormat({
      type: 'object',
      properties: { name: { type: 'string' } },
      required: ['name'],
      additionalProperties: false,
    });
    const message = await anthropic.messages.parse(toParams({ output_config: { format } }));

    expect(message.parsed_output).toEqual({ name: 'demo' });
  });
});

test('a stop sequence cuts the text before it and is named, streamed too', async () => {
  const params = toParams({ stop_sequences: ['never said', 'demo model'] });
  const whole = await anthropic.messages.create(params);
  const streamed = await anthropic.messages.stream(params).finalMessage();

  for (const message of [whole, streamed]) {
    expect(message).toMatchObject({
      content: [{ text: expect.stringMatching(/This is the $/) }],
      stop_reason: 'stop_sequence',
      stop_sequence: 'demo model',
    });
  }
});

function toParams<Fields extends object>(fields: Fields) {
  const messages: Anthropic.MessageParam[] = [{ role: 'user', content: 'Hello.' }];
  return { model: 'sonnet', max_tokens: 1000, messages, ...fields };
}

function toRunnable() {
  const cities: string[] = [];
  const tool = betaZodTool({
    name: 'weather',
    description: 'Tells the weather.',
    inputSchema: z.object({ city: z.string() }),
    run({ city }) {
      cities.push(city);
      return `Sunny in ${city}.`;
    },
  });
  return { tool, cities };
}

function toClient(fetch = proxy.fetch): Anthropic {
  return new Anthropic({ baseURL: proxy.url, apiKey: KEY, maxRetries: 0, fetch });
}
