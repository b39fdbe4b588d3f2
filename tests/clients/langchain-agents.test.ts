import { ChatAnthropic } from '@langchain/anthropic';
import { ContextOverflowError } from '@langchain/core/errors';
import { AIMessage, HumanMessage, ToolMessage } from '@langchain/core/messages';
import { ChatOpenAI } from '@langchain/openai';
import { createAgent, tool, toolStrategy } from 'langchain';
import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { demoAnswer } from '../../src/demo/answers.ts';
import { errorReply } from '../../src/demo/replies.ts';
import { createScriptedProxy } from '../support/create-scripted-proxy.ts';
import { KEY } from '../support/start-proxy.ts';
import { callThenSay, lastRequest, toResults, toSpoken } from '../tools/upstream.ts';
import { failureOf } from './failure-of.ts';
import { recordFetch } from './record-fetch.ts';
import { skipWaits } from './skip-waits.ts';

const PARIS = { name: 'weather', input: { city: 'Paris' } };
const ROME = { name: 'weather', input: { city: 'Rome' } };
const Person = z.object({ name: z.string(), age: z.number(), tags: z.array(z.string()) });
const PERSON = { name: 'demo', age: 1, tags: ['demo'] };

const MODELS = [
  {
    name: 'ChatOpenAI',
    toModel: (fetch = proxy.fetch) =>
      new ChatOpenAI({
        model: 'sonnet',
        apiKey: KEY,
        configuration: { baseURL: `${proxy.url}/v1`, fetch },
      }),
  },
  {
    name: 'ChatAnthropic',
    toModel: (fetch = proxy.fetch) =>
      new ChatAnthropic({
        model: 'sonnet',
        apiKey: KEY,
        anthropicApiUrl: proxy.url,
        clientOptions: { fetch },
      }),
  },
];

const proxy = createScriptedProxy();
afterEach(() => {
  proxy.model.answer = demoAnswer;
});

describe.each(MODELS)('$name', ({ toModel }) => {
  describe('with bound tools', () => {
    test('gives the calls, takes their results, and gives the answer', async () => {
      proxy.model.answer = callThenSay([PARIS, ROME], 'Both are sunny.');
      const model = toModel().bindTools([toWeather()]);
      const question = new HumanMessage('How is the weather?');

      const called = await model.invoke([question]);
      expect(called.tool_calls).toMatchObject([
        { name: 'weather', args: PARIS.input, id: expect.stringMatching(/^toolu_/) },
        { name: 'weather', args: ROME.input, id: expect.stringMatching(/^toolu_/) },
      ]);
      expect(called.invalid_tool_calls ?? []).toEqual([]);

      const results = (called.tool_calls ?? []).map(
        ({ id = '', args }) => new ToolMessage({ tool_call_id: id, content: `${args['city']}!` }),
      );
      const answered = await model.invoke([question, called, ...results]);

      expect(answered.text).toBe('Both are sunny.');
      expect(toResults(lastRequest(proxy))).toMatchObject(
        (called.tool_calls ?? []).map(({ id }) => ({ tool_use_id: id })),
      );
    });

    test('streams the arguments in chunks that add up to the calls', async () => {
      proxy.model.answer = callThenSay([PARIS, ROME]);
      const model = toModel().bindTools([toWeather()]);
      const chunks = await Array.fromAsync(await model.stream('How is the weather?'));
      const whole = chunks.reduce((one, other) => one.concat(other));

      expect(whole.tool_calls).toMatchObject([
        { name: 'weather', args: PARIS.input },
        { name: 'weather', args: ROME.input },
      ]);
      const pieces = chunks.flatMap(({ tool_call_chunks: given = [] }) => given);
      expect(pieces.filter(({ args }) => args).length).toBeGreaterThan(2);
      expect(whole).toHaveProperty('usage_metadata.output_tokens', expect.any(Number));
    });

    test('gives a call without arguments, streamed too', async () => {
      proxy.model.answer = callThenSay([{ name: 'now', input: {} }]);
      const now = tool(() => 'Noon.', { name: 'now', schema: z.object({}) });
      const model = toModel().bindTools([now]);
      const chunks = await Array.fromAsync(await model.stream('What time is it?'));

      expect((await model.invoke('What time is it?')).tool_calls).toMatchObject([{ args: {} }]);
      expect(chunks.reduce((one, other) => one.concat(other)).tool_calls).toMatchObject([
        { name: 'now', args: {} },
      ]);
    });

    test.each([
      ['any', { type: 'any' }],
      ['weather', { type: 'tool', name: 'weather' }],
    ])('is made to call by the tool choice "%s"', async (choice, upstream) => {
      const model = toModel().bindTools([toWeather()], { tool_choice: choice });
      const { tool_calls: calls } = await model.invoke('Hello.');

      expect(calls).toMatchObject([{ name: 'weather', args: { city: 'demo' } }]);
      expect(lastRequest(proxy).body.tool_choice).toMatchObject(upstream);
    });
  });

  describe('as an agent', () => {
    test('runs its tool and answers', async () => {
      const cities: string[] = [];
      const agent = createAgent({
        model: toModel(),
        tools: [toWeather(cities)],
        systemPrompt: 'You know the weather.',
      });
      const { messages } = await agent.invoke({
        messages: [{ role: 'user', content: 'demo:tool=weather' }],
      });

      expect(cities).toEqual(['demo']);
      expect(messages.map(({ type }) => type)).toEqual(['human', 'ai', 'tool', 'ai']);
      expect(messages.at(-1)?.text).toContain('The tool said: "Sunny in demo."');
    });

    test('hands the next question over with everything that was said and done', async () => {
      const agent = createAgent({ model: toModel(), tools: [toWeather()] });
      const first = await agent.invoke({
        messages: [new HumanMessage('demo:tool=weather')],
      });
      const second = await agent.invoke({
        messages: [...first.messages, new HumanMessage('Thank you.')],
      });

      expect(second.messages.at(-1)?.text).toContain('You said: "Thank you."');
      expect(toSpoken(lastRequest(proxy)).map(({ role }) => role)).toEqual([
        'user',
        'assistant',
        'user',
        'assistant',
        'user',
      ]);
    });

    test('streams its steps', async () => {
      const agent = createAgent({ model: toModel(), tools: [toWeather()] });
      const steps: string[] = [];
      for await (const update of await agent.stream(
        { messages: [new HumanMessage('demo:tool=weather')] },
        { streamMode: 'updates' },
      ))
        steps.push(...Object.keys(update));

      expect(steps).toEqual(['model_request', 'tools', 'model_request']);
    });

    test('gives its answer in a shape', async () => {
      const agent = createAgent({
        model: toModel(),
        tools: [],
        responseFormat: toolStrategy(Person),
      });
      const { structuredResponse } = await agent.invoke({ messages: [new HumanMessage('Ada?')] });

      expect(structuredResponse).toEqual(PERSON);
    });
  });

  describe('withStructuredOutput', () => {
    test.each([undefined, 'jsonSchema', 'functionCalling'] as const)(
      'gives the object by the method %s',
      async (method) => {
        const model = toModel().withStructuredOutput(Person, method && { method });

        expect(await model.invoke('Who is Ada?')).toEqual(PERSON);
      },
    );

    test('streams the object', async () => {
      // Of the API's own streamed calls, too, ChatAnthropic's default method makes no object.
      const model = toModel().withStructuredOutput(Person, { method: 'jsonSchema' });
      const objects = await Array.fromAsync(await model.stream('Who is Ada?'));

      expect(objects.at(-1)).toEqual(PERSON);
    });

    test('takes a plain JSON Schema, and gives the message beside the object', async () => {
      const schema = {
        title: 'person',
        type: 'object',
        properties: { name: { type: 'string' } },
        required: ['name'],
        additionalProperties: false,
      };
      const model = toModel().withStructuredOutput(schema, { includeRaw: true });
      const { raw, parsed } = await model.invoke('Who is Ada?');

      expect(parsed).toEqual({ name: 'demo' });
      expect(raw).toBeInstanceOf(AIMessage);
    });
  });

  describe('a failure', () => {
    test('of a conversation that is too long is a ContextOverflowError, sent once', async () => {
      proxy.model.answer = () =>
        errorReply(
          400,
          'invalid_request_error',
          'prompt is too long: 208310 tokens > 200000 maximum',
        );
      const { fetch, exchanges } = recordFetch(proxy.fetch);
      const error = await failureOf(ContextOverflowError, toModel(fetch).invoke('Hello.'));

      expect(error.message).toContain('prompt is too long');
      expect(exchanges).toHaveLength(1);
    });

    test('of the rate limit is tried again where Retry-After says when', async () => {
      proxy.model.answer = () => {
        proxy.model.answer = demoAnswer;
        return errorReply(429, 'rate_limit_error', 'Too many requests.', { retryAfter: 37 });
      };
      const { fetch, exchanges } = recordFetch(proxy.fetch);
      const waits = skipWaits({ fromMs: 30_000, toMs: 59_000 });
      const { text } = await toModel(fetch).invoke('Hello.');
      waits.restore();

      expect(text).toContain('Hello.');
      expect(exchanges.map(({ response }) => response.status)).toEqual([429, 200]);
    });

    test('of the rate limit for hours is not tried again', async () => {
      proxy.model.answer = () =>
        errorReply(429, 'rate_limit_error', 'Too many requests.', { retryAfter: 7200 });
      const { fetch, exchanges } = recordFetch(proxy.fetch);

      await expect(toModel(fetch).invoke('Hello.')).rejects.toMatchObject({ status: 429 });
      expect(exchanges).toHaveLength(1);
    });
  });
});

function toWeather(cities: string[] = []) {
  return tool(
    ({ city }) => {
      cities.push(city);
      return `Sunny in ${city}.`;
    },
    {
      name: 'weather',
      description: 'Tells the weather.',
      schema: z.object({ city: z.string() }),
    },
  );
}
