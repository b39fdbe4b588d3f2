import OpenAI from 'openai';
import { ContentFilterFinishReasonError } from 'openai/core/error';
import { zodFunction, zodResponseFormat } from 'openai/helpers/zod';
import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { demoAnswer } from '../../src/demo/answers.ts';
import { refusalReply, toolReply } from '../../src/demo/replies.ts';
import { createScriptedProxy } from '../support/create-scripted-proxy.ts';
import { KEY } from '../support/start-proxy.ts';
import { callThenSay, lastRequest, toResults } from '../tools/upstream.ts';

const PARIS = { name: 'weather', input: { city: 'Paris' } };
const ROME = { name: 'weather', input: { city: 'Rome' } };
const City = z.object({ city: z.string() });
const Person = z.object({ name: z.string(), tags: z.array(z.enum(['a', 'b'])) });
const PERSON = { name: 'demo', tags: ['a'] };

const WEATHER = {
  type: 'function',
  function: {
    name: 'weather',
    description: 'Tells the weather.',
    parameters: z.toJSONSchema(City),
  },
} satisfies OpenAI.ChatCompletionTool;

const proxy = createScriptedProxy();
const openai = new OpenAI({
  baseURL: `${proxy.url}/v1`,
  apiKey: KEY,
  maxRetries: 0,
  fetch: proxy.fetch,
});
afterEach(() => {
  proxy.model.answer = demoAnswer;
});

describe('runTools', () => {
  test('runs the tools that the model calls, and gives its last words', async () => {
    proxy.model.answer = callThenSay([PARIS, ROME], 'Both are sunny.');
    const { tool, cities } = toRunnable();
    const runner = openai.chat.completions.runTools({
      model: 'sonnet',
      messages: [{ role: 'user', content: 'How is the weather?' }],
      tools: [tool],
    });

    expect(await runner.finalContent()).toBe('Both are sunny.');
    expect(cities).toEqual(['Paris', 'Rome']);
    expect(runner.messages.map(({ role }) => role)).toEqual([
      'user',
      'assistant',
      'tool',
      'tool',
      'assistant',
    ]);
    expect(toResults(lastRequest(proxy)).map(({ content }) => JSON.stringify(content))).toEqual([
      expect.stringContaining('Sunny in Paris.'),
      expect.stringContaining('Sunny in Rome.'),
    ]);
  });

  test('does the same over streams', async () => {
    proxy.model.answer = callThenSay([PARIS, ROME], 'Both are sunny.');
    const { tool, cities } = toRunnable();
    const runner = openai.chat.completions.runTools({
      model: 'sonnet',
      messages: [{ role: 'user', content: 'How is the weather?' }],
      tools: [tool],
      stream: true,
    });

    expect(await runner.finalContent()).toBe('Both are sunny.');
    expect(cities).toEqual(['Paris', 'Rome']);
  });
});

describe('a completion with calls', () => {
  test('has no content, and arguments that are JSON text', async () => {
    proxy.model.answer = () => toolReply([PARIS, ROME]);
    const { choices } = await openai.chat.completions.create(toParams({ tools: [WEATHER] }));

    expect(choices).toMatchObject([
      {
        finish_reason: 'tool_calls',
        message: {
          content: null,
          tool_calls: [PARIS, ROME].map(({ input }) => ({
            id: expect.stringMatching(/^toolu_/),
            type: 'function',
            function: { name: 'weather', arguments: JSON.stringify(input) },
          })),
        },
      },
    ]);
  });

  test('keeps the words before the calls', async () => {
    proxy.model.answer = () => toolReply([PARIS], { text: 'Let me see.' });
    const { choices } = await openai.chat.completions.create(toParams({ tools: [WEATHER] }));

    expect(choices[0]?.message).toMatchObject({ content: 'Let me see.', tool_calls: [{}] });
  });

  test('streamed, opens each call once under its own index and then fills it', async () => {
    proxy.model.answer = () => toolReply([PARIS, ROME]);
    const chunks = await Array.fromAsync(
      await openai.chat.completions.create({ ...toParams({ tools: [WEATHER] }), stream: true }),
    );
    const deltas = chunks.flatMap(({ choices: [choice] }) => choice?.delta.tool_calls ?? []);

    expect(chunks[0]?.choices[0]?.delta).toMatchObject({ role: 'assistant' });
    expect(
      chunks.every(({ choices: [choice] }) => (choice?.delta.tool_calls ?? [{}]).length === 1),
    ).toBe(true);
    expect(deltas.filter(({ id }) => id)).toMatchObject([
      { index: 0, type: 'function', function: { name: 'weather', arguments: '' } },
      { index: 1, type: 'function', function: { name: 'weather', arguments: '' } },
    ]);
    for (const [index, { input }] of [PARIS, ROME].entries()) {
      const pieces = deltas.filter((delta) => delta.index === index);
      expect(pieces.length).toBeGreaterThan(2);
      expect(pieces.map((delta) => delta.function?.arguments).join('')).toBe(JSON.stringify(input));
    }
    expect(chunks.at(-1)?.choices).toMatchObject([{ delta: {}, finish_reason: 'tool_calls' }]);
  });

  test.each([
    ['required', { type: 'any' }],
    [
      { type: 'function', function: { name: 'weather' } },
      { type: 'tool', name: 'weather' },
    ],
    ['none', { type: 'none' }],
  ] as const)('obeys the tool_choice %j', async (toolChoice, upstream) => {
    const { choices } = await openai.chat.completions.create(
      toParams({ tools: [WEATHER], tool_choice: toolChoice }),
    );

    expect(choices[0]?.finish_reason).toBe(toolChoice === 'none' ? 'stop' : 'tool_calls');
    expect(lastRequest(proxy).body.tool_choice).toMatchObject(upstream);
  });

  test('has one call at the most with parallel_tool_calls: false', async () => {
    await openai.chat.completions.create(
      toParams({ tools: [WEATHER], parallel_tool_calls: false }),
    );

    expect(lastRequest(proxy).body.tool_choice).toMatchObject({ disable_parallel_tool_use: true });
  });
});

describe('the .stream() helper', () => {
  test('tells the arguments as they grow, parsed at their end', async () => {
    proxy.model.answer = () => toolReply([PARIS, ROME]);
    const done: unknown[] = [];
    let deltas = 0;
    const helper = openai.chat.completions
      .stream(toParams({ tools: [zodFunction({ name: 'weather', parameters: City })] }))
      .on('tool_calls.function.arguments.delta', () => (deltas += 1))
      .on('tool_calls.function.arguments.done', ({ index, name, parsed_arguments: parsed }) =>
        done.push({ index, name, parsed }),
      );
    const { choices } = await helper.finalChatCompletion();

    expect(deltas).toBeGreaterThan(2);
    expect(done).toEqual([
      { index: 0, name: 'weather', parsed: PARIS.input },
      { index: 1, name: 'weather', parsed: ROME.input },
    ]);
    expect(choices[0]?.message.tool_calls).toHaveLength(2);
  });

  test('gives "{}" for a call without arguments', async () => {
    proxy.model.answer = () => toolReply([{ name: 'weather', input: {} }]);
    const call = await openai.chat.completions
      .stream(toParams({ tools: [WEATHER] }))
      .finalFunctionToolCall();

    expect(call).toEqual({ name: 'weather', arguments: '{}' });
  });

  test('parses an object of a zod schema', async () => {
    const helper = openai.chat.completions.stream(
      toParams({ response_format: zodResponseFormat(Person, 'person') }),
    );
    const { choices } = await helper.finalChatCompletion();

    expect(choices[0]?.message.parsed).toEqual(PERSON);
  });
});

describe('parse', () => {
  test('gives the object of a zod schema', async () => {
    const { choices } = await openai.chat.completions.parse(
      toParams({ response_format: zodResponseFormat(Person, 'person') }),
    );

    expect(choices[0]?.message.parsed).toEqual(PERSON);
  });

  test('gives the arguments of a zod tool', async () => {
    proxy.model.answer = () => toolReply([PARIS]);
    const { choices } = await openai.chat.completions.parse(
      toParams({ tools: [zodFunction({ name: 'weather', parameters: City })] }),
    );

    expect(choices[0]?.message.tool_calls).toMatchObject([
      { function: { parsed_arguments: PARIS.input } },
    ]);
  });

  test('throws that the content was filtered when the model refuses', async () => {
    proxy.model.answer = () => refusalReply('I will not.');
    const call = openai.chat.completions.parse(
      toParams({ response_format: zodResponseFormat(Person, 'person') }),
    );

    await expect(call).rejects.toBeInstanceOf(ContentFilterFinishReasonError);
  });
});

describe('response_format', () => {
  test.each([true, false])('a schema with strict: %s gives one JSON text', async (strict) => {
    const schema = { $schema: 'https://json-schema.org/draft/2020-12/schema', title: 'Person' };
    const { choices } = await openai.chat.completions.create(
      toParams({
        response_format: {
          type: 'json_schema',
          json_schema: { name: 'person', strict, schema: { ...schema, ...z.toJSONSchema(Person) } },
        },
      }),
    );

    expect(JSON.parse(choices[0]?.message.content ?? '')).toEqual(PERSON);
  });
});

test.each(['demo model', ['never said', 'demo model']])(
  'stop %j cuts the text before it, streamed too',
  async (stop) => {
    const { choices } = await openai.chat.completions.create(toParams({ stop }));
    const streamed = await openai.chat.completions.stream(toParams({ stop })).finalChatCompletion();

    for (const choice of [choices[0], streamed.choices[0]]) {
      expect(choice?.message.content).toMatch(/This is the $/);
      expect(choice?.finish_reason).toBe('stop');
    }
  },
);

function toParams<Fields extends object>(fields: Fields) {
  const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'Hello.' }];
  return { model: 'sonnet', messages, ...fields };
}

function toRunnable() {
  const cities: string[] = [];
  const tool = zodFunction({
    name: 'weather',
    parameters: City,
    function({ city }) {
      cities.push(city);
      return `Sunny in ${city}.`;
    },
  });
  return { tool, cities };
}
