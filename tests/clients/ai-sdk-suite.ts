import {
  APICallError,
  generateText,
  type LanguageModel,
  type ModelMessage,
  Output,
  stepCountIs,
  streamText,
  tool,
} from 'ai';
import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { demoAnswer } from '../../src/demo/answers.ts';
import type { UpstreamRequest } from '../../src/demo/model-server.ts';
import { errorReply, heldReply } from '../../src/demo/replies.ts';
import type { Reachable } from '../support/create-scripted-proxy.ts';
import { callThenSay, lastRequest, toResults } from '../tools/upstream.ts';
import { failureOf } from './failure-of.ts';
import { type Exchange, recordFetch } from './record-fetch.ts';
import { skipWaits } from './skip-waits.ts';

/** The result of a call that nobody made. */
const ORPHAN: ModelMessage = {
  role: 'tool',
  content: [
    {
      type: 'tool-result',
      toolCallId: 'call_1',
      toolName: 'look',
      output: { type: 'text', value: 'R' },
    },
  ],
};

/** Makes the model of a provider package; `key` and `fetch` have defaults of the provider's own. */
export type Connect = (options: {
  baseURL: string;
  key?: string;
  fetch?: typeof fetch;
}) => LanguageModel;

/** `proxy` is called when the tests run: the server is not up before that. */
type Parts = { proxy: () => Reachable; connect: Connect };

const PARIS = { name: 'weather', input: { city: 'Paris' } };
const ROME = { name: 'weather', input: { city: 'Rome' } };

/** What the AI SDK has to get from the server, through whichever provider package. */
export function testAiSdk({ proxy, connect }: Parts): void {
  const model = () => connect({ baseURL: `${proxy().url}/v1`, fetch: proxy().fetch });

  afterEach(() => {
    proxy().model.answer = demoAnswer;
  });

  describe('a text', () => {
    test('comes with its model, its usage and why it ended', async () => {
      const { text, usage, finishReason, response } = await generateText({
        model: model(),
        prompt: 'Hello.',
      });

      expect(text).toContain('Hello.');
      expect(finishReason).toBe('stop');
      expect(response.modelId).toBe('claude-sonnet-5-5');
      expectUsage(usage);
    });

    test('comes with the same when streamed', async () => {
      const result = streamText({ model: model(), prompt: 'Hello.' });
      const parts = await Array.fromAsync(result.fullStream);

      expect(parts.filter(({ type }) => type === 'error')).toEqual([]);
      expect(await result.text).toContain('Hello.');
      expect(await result.finishReason).toBe('stop');
      expect((await result.response).modelId).toBe('claude-sonnet-5-5');
      expectUsage(await result.usage);
    });

    test.each([
      ['max_tokens', 'length'],
      ['refusal', 'content-filter'],
    ])('that ends by demo:%s has the finish reason "%s"', async (directive, reason) => {
      const prompt = `demo:${directive}`;
      const whole = await generateText({ model: model(), prompt });
      const streamed = streamText({ model: model(), prompt });

      expect(whole.finishReason).toBe(reason);
      expect(await streamed.finishReason).toBe(reason);
    });
  });

  describe('a tool', () => {
    test('is executed, and its result answered, without the program doing a thing', async () => {
      const executed: unknown[] = [];
      const { steps, text } = await generateText({
        model: model(),
        prompt: 'demo:tool=weather',
        tools: { weather: toWeather(executed) },
        stopWhen: stepCountIs(3),
      });

      expect(executed).toEqual([{ city: 'demo' }]);
      expect(steps.map(({ finishReason }) => finishReason)).toEqual(['tool-calls', 'stop']);
      expect(text).toContain('The tool said: "{"sunny":"demo"}"');
    });

    test('may be called twice at once, whole and streamed', async () => {
      proxy().model.answer = callThenSay([PARIS, ROME], 'Both are sunny.');
      const executed: unknown[] = [];
      const given = {
        model: model(),
        prompt: 'How is the weather?',
        tools: { weather: toWeather(executed) },
        stopWhen: stepCountIs(3),
      };

      const whole = await generateText(given);
      expect(whole.steps[0]?.toolCalls.map(({ input }) => input)).toEqual([
        PARIS.input,
        ROME.input,
      ]);
      expect(whole.text).toBe('Both are sunny.');
      expect(toResults(lastRequest(proxy()))).toHaveLength(2);

      const streamed = streamText(given);
      expect(await streamed.text).toBe('Both are sunny.');
      expect((await streamed.steps).map(({ finishReason }) => finishReason)).toEqual([
        'tool-calls',
        'stop',
      ]);
      expect(executed).toEqual([PARIS.input, ROME.input, PARIS.input, ROME.input]);
    });

    test('has its arguments streamed piece by piece, each call under its own id', async () => {
      proxy().model.answer = callThenSay([PARIS, ROME]);
      const { fullStream } = streamText({
        model: model(),
        prompt: 'How is the weather?',
        tools: { weather: tool({ inputSchema: z.object({ city: z.string() }) }) },
      });
      const inputs = new Map<string, string[]>();
      for await (const part of fullStream) {
        if (part.type === 'tool-input-start') inputs.set(part.id, []);
        if (part.type === 'tool-input-delta') inputs.get(part.id)?.push(part.delta);
      }

      const pieces = [...inputs.values()];
      expect(pieces.map((deltas) => JSON.parse(deltas.join('')))).toEqual([
        PARIS.input,
        ROME.input,
      ]);
      for (const deltas of pieces)
        expect(deltas.filter((delta) => delta !== '').length).toBeGreaterThan(1);
    });

    test('without arguments is called with an empty object', async () => {
      proxy().model.answer = callThenSay([{ name: 'now', input: {} }]);
      const given = {
        model: model(),
        prompt: 'What time is it?',
        tools: { now: tool({ inputSchema: z.looseObject({}), execute: () => 'Noon.' }) },
      };

      expect((await generateText(given)).toolCalls).toMatchObject([{ input: {} }]);
      expect(await streamText(given).toolCalls).toMatchObject([{ input: {} }]);
    });

    test.each([
      ['required', { type: 'any' }],
      [
        { type: 'tool', toolName: 'weather' },
        { type: 'tool', name: 'weather' },
      ],
    ] as const)('is called because of the tool choice %j', async (toolChoice, upstream) => {
      const { toolCalls } = await generateText({
        model: model(),
        prompt: 'Hello.',
        tools: { weather: tool({ inputSchema: z.object({ city: z.string() }) }) },
        toolChoice,
      });

      expect(toolCalls).toMatchObject([{ toolName: 'weather', input: { city: 'demo' } }]);
      expect(lastRequest(proxy()).body.tool_choice).toMatchObject(upstream);
    });
  });

  describe('a failure', () => {
    test.each([
      [401, 401, false],
      [404, 404, false],
      [429, 429, true],
      [500, 500, true],
    ])('%i is an APICallError with its status', async (upstream, statusCode, isRetryable) => {
      const call = generateText({
        model: model(),
        prompt: `demo:error=${upstream}`,
        maxRetries: 0,
      });
      const error = await failureOf(APICallError, call);

      expect(error).toMatchObject({ statusCode, isRetryable });
      // A body in another shape than the provider's degrades to the words of the status.
      expect(error.message).toMatch(/\w+ \w+ \w+/);
    });

    test('in the middle of a stream is told as an error part, behind the text so far', async () => {
      const parts = await Array.fromAsync(
        streamText({ model: model(), prompt: 'demo:fail', onError: () => {} }).fullStream,
      );
      const types = parts.map(({ type }) => type);

      expect(types.filter((type) => type === 'error')).toHaveLength(1);
      expect(types.indexOf('error')).toBeGreaterThan(types.indexOf('text-delta'));
    });

    test('is sent once when the key is wrong', async () => {
      const { fetch, exchanges } = recordFetch(proxy().fetch);
      const stranger = connect({ baseURL: `${proxy().url}/v1`, key: 'wrong', fetch });
      const error = await failureOf(
        APICallError,
        generateText({ model: stranger, prompt: 'Hello.' }),
      );

      expect(error.statusCode).toBe(401);
      expect(exchanges).toHaveLength(1);
    });

    test('is sent once when the request is bad', async () => {
      const { fetch, exchanges } = recordFetch(proxy().fetch);
      const patient = connect({ baseURL: `${proxy().url}/v1`, fetch });
      const error = await failureOf(
        APICallError,
        generateText({ model: patient, messages: [ORPHAN] }),
      );

      expect(error.statusCode).toBe(400);
      expect(error.message).toContain('answers no call');
      expect(exchanges).toHaveLength(1);
    });

    test('of the rate limit is tried again after the time that Retry-After tells', async () => {
      proxy().model.answer = () => {
        proxy().model.answer = demoAnswer;
        return errorReply(429, 'rate_limit_error', 'Too many requests.', { retryAfter: 37 });
      };
      const { fetch, exchanges } = recordFetch(proxy().fetch);
      const patient = connect({ baseURL: `${proxy().url}/v1`, fetch });
      const waits = skipWaits({ fromMs: 30_000, toMs: 59_000 });
      const { text } = await generateText({ model: patient, prompt: 'Hello.' });
      waits.restore();

      expect(text).toContain('Hello.');
      expect(statusesOf(exchanges)).toEqual([429, 200]);
      const retryAfter = Number(exchanges[0]?.response.headers.get('retry-after'));
      expect(waits.waitsMs).toContain(retryAfter * 1000);
    });
  });

  test('aborting a whole answer closes the connection to the model', async () => {
    const asked = Promise.withResolvers<UpstreamRequest>();
    proxy().model.answer = (_, request) => {
      asked.resolve(request);
      return heldReply('one two', new Promise(() => {}));
    };
    const leaving = new AbortController();
    const call = generateText({ model: model(), prompt: 'Hello.', abortSignal: leaving.signal });
    const request = await asked.promise;
    leaving.abort();

    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    await expect(request.closed).resolves.toBe('aborted');
  });
}

/** Stop sequences, where the API has them. */
export function testStops({ proxy, connect }: Parts): void {
  test('a text ends before a stop sequence', async () => {
    const { text, finishReason } = await generateText({
      model: connect({ baseURL: `${proxy().url}/v1`, fetch: proxy().fetch }),
      prompt: 'Hello.',
      stopSequences: ['demo model'],
    });

    expect(text).toMatch(/This is the $/);
    expect(finishReason).toBe('stop');
  });
}

/** An object of a schema, where the provider sends the schema. */
export function testObjects({ proxy, connect }: Parts): void {
  const output = Output.object({
    schema: z.object({ name: z.string(), tags: z.array(z.enum(['a', 'b'])), age: z.number() }),
  });
  const expected = { name: 'demo', tags: ['a'], age: 1 };

  test('an object comes in the shape of its schema', async () => {
    const model = connect({ baseURL: `${proxy().url}/v1`, fetch: proxy().fetch });
    const result = await generateText({ model, prompt: 'Hello.', output });

    expect(result.output).toEqual(expected);
  });

  test('an object grows while it is streamed', async () => {
    const model = connect({ baseURL: `${proxy().url}/v1`, fetch: proxy().fetch });
    const partials = await Array.fromAsync(
      streamText({ model, prompt: 'Hello.', output }).partialOutputStream,
    );

    expect(partials.length).toBeGreaterThan(0);
    expect(partials.at(-1)).toEqual(expected);
  });
}

function toWeather(executed: unknown[]) {
  return tool({
    description: 'Tells the weather.',
    inputSchema: z.object({ city: z.string() }),
    async execute(input) {
      executed.push(input);
      return { sunny: input.city };
    },
  });
}

function expectUsage({ inputTokens = 0, outputTokens, totalTokens }: Usage): void {
  expect(inputTokens).toBeGreaterThan(0);
  expect(outputTokens).toBe(19);
  expect(totalTokens).toBe(inputTokens + 19);
}

type Usage = Awaited<ReturnType<typeof generateText>>['usage'];

function statusesOf(exchanges: readonly Exchange[]) {
  return exchanges.map(({ response }) => response.status);
}
