import { createOpenAI } from '@ai-sdk/openai';
import { AIMessage, HumanMessage, ToolMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { ChatOpenAI } from '@langchain/openai';
import { generateText } from 'ai';
import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { demoAnswer } from '../../src/demo/answers.ts';
import { textReply, thinkingReply } from '../../src/demo/replies.ts';
import { type Connect, testAiSdk, testObjects } from '../clients/ai-sdk-suite.ts';
import { createScriptedProxy } from '../support/create-scripted-proxy.ts';
import { KEY } from '../support/start-proxy.ts';
import { callThenSay, lastRequest, toResults, toSpoken } from '../tools/upstream.ts';

const proxy = createScriptedProxy();
afterEach(() => {
  proxy.model.answer = demoAnswer;
});

const connect: Connect = ({ key = KEY, ...options }) =>
  createOpenAI({ apiKey: key, ...options })('sonnet');

describe('the AI SDK, whose openai(model) calls /v1/responses', () => {
  testAiSdk({ proxy: () => proxy, connect });
  testObjects({ proxy: () => proxy, connect });

  test('refers to the answers that it brings back', async () => {
    proxy.model.answer = () => thinkingReply('Hm.', 'You are Ada.');
    const asked = { role: 'user', content: 'My name is Ada.' } as const;
    const model = connect({ baseURL: `${proxy.url}/v1`, fetch: proxy.fetch });
    const { response } = await generateText({ model, messages: [asked] });
    await generateText({
      model,
      messages: [asked, ...response.messages, { role: 'user', content: 'Who am I?' }],
    });
    expect(toSpoken(lastRequest(proxy)).map(({ content }) => content.at(-1)?.text)).toEqual([
      'My name is Ada.',
      'You are Ada.',
      'Who am I?',
    ]);
  });
});

describe('LangChain with useResponsesApi', () => {
  const weather = tool(({ city }) => `Sunny in ${city}.`, {
    name: 'weather',
    description: 'Tells the weather.',
    schema: z.object({ city: z.string() }),
  });
  const CALLS = [
    { name: 'weather', input: { city: 'Paris' } },
    { name: 'weather', input: { city: 'Rome' } },
  ];
  const ASKED = new HumanMessage('How is the weather?');

  test('gives the text, whole and streamed, with its usage', async () => {
    const whole = await toModel().invoke('Hello.');
    expect(whole.text).toContain('Hello.');
    expect(whole.usage_metadata).toMatchObject({ output_tokens: 19 });
    const chunks = await Array.fromAsync(await toModel().stream('Hello.'));
    const streamed = chunks.reduce((one, other) => one.concat(other));
    expect(streamed.text).toBe(whole.text);
    expect(streamed.usage_metadata).toMatchObject({ output_tokens: 19 });
  });

  test('carries a conversation', async () => {
    await toModel().invoke([
      new HumanMessage('My name is Ada.'),
      new AIMessage('Hello Ada.'),
      new HumanMessage('Who am I?'),
    ]);
    expect(toSpoken(lastRequest(proxy)).map(({ role }) => role)).toEqual([
      'user',
      'assistant',
      'user',
    ]);
  });

  test.for(['whole', 'streamed'])('calls tools and hands their outputs in, %s', async (way) => {
    proxy.model.answer = callThenSay(CALLS, 'Both are sunny.');
    const model = toModel().bindTools([weather]);
    const chunks = way === 'whole' ? [] : await Array.fromAsync(await model.stream([ASKED]));
    const message =
      way === 'whole'
        ? await model.invoke([ASKED])
        : chunks.reduce((one, other) => one.concat(other));
    expect(message.tool_calls?.map(({ args }) => args)).toEqual(CALLS.map(({ input }) => input));

    const outputs = (message.tool_calls ?? []).map(
      ({ id = '', args }) =>
        new ToolMessage({ tool_call_id: id, content: `Sunny in ${args['city']}.` }),
    );
    const { text } = await model.invoke([ASKED, message, ...outputs]);
    expect(text).toBe('Both are sunny.');
    expect(toResults(lastRequest(proxy))).toHaveLength(2);
  });

  test('gives structured output by each of its methods', async () => {
    const schema = z.object({ name: z.string() });
    proxy.model.answer = () => textReply('{"name":"Ada"}');
    const byFormat = toModel().withStructuredOutput(schema, { method: 'jsonSchema' });
    expect(await byFormat.invoke('Who?')).toEqual({ name: 'Ada' });

    proxy.model.answer = callThenSay([{ name: 'extract', input: { name: 'Ada' } }]);
    const byCall = toModel().withStructuredOutput(schema, { method: 'functionCalling' });
    expect(await byCall.invoke('Who?')).toEqual({ name: 'Ada' });
  });
});

function toModel() {
  return new ChatOpenAI({
    model: 'sonnet',
    apiKey: KEY,
    useResponsesApi: true,
    configuration: { baseURL: `${proxy.url}/v1`, fetch: proxy.fetch },
  });
}
