import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { ChatOpenAI } from '@langchain/openai';
import { generateText, Output, streamText } from 'ai';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { errorReply, toolReply } from '../../src/demo/replies.ts';
import { createScriptedProxy, type Reachable } from '../support/create-scripted-proxy.ts';
import { KEY, type Proxy, startProxy } from '../support/start-proxy.ts';
import { CLIENTS } from './every-client.ts';
import { testClient } from './every-client-suite.ts';

let proxy: Proxy;
beforeAll(async () => {
  proxy = await startProxy();
});
afterAll(() => proxy.stop());

describe.each(Object.entries(CLIENTS))('%s', (_, connect) => {
  testClient({ proxy: () => proxy, connect });
});

describe.each([
  ['the scripted run', createScriptedProxy()],
  ['the real CLI', undefined],
])('over %s', (_, scripted) => {
  test.each([
    [37, expect.stringMatching(/^(3[789]|4\d)$/), null], // the CLI adds some
    [7200, null, 'false'],
  ])('an upstream Retry-After: %d is told so', async (retryAfter, told, shouldRetry) => {
    const { model, send }: Reachable = scripted ?? proxy;
    model.answer = () => errorReply(429, 'rate_limit_error', 'Too many requests.', { retryAfter });
    const { status, headers } = await send('/v1/messages', {
      model: 'sonnet',
      max_tokens: 1000,
      messages: [{ role: 'user', content: 'Hello.' }],
    });

    expect(status).toBe(429);
    expect(headers.get('retry-after')).toEqual(told);
    expect(headers.get('x-should-retry')).toBe(shouldRetry);
  });
});

/** Nobody but the CLI makes the model give it: no schema is sent. */
describe('an object in JSON mode', () => {
  const ADA = { name: 'Ada' };
  const Person = z.object({ name: z.string() });

  test('is the text of openai, whole and streamed', async () => {
    proxy.model.answer = sayAda;
    const openai = new OpenAI({ baseURL: `${proxy.url}/v1`, apiKey: KEY });
    const params = {
      model: 'sonnet',
      messages: [{ role: 'user', content: 'Hello.' }],
      response_format: { type: 'json_object' },
    } satisfies OpenAI.ChatCompletionCreateParams;
    const { choices } = await openai.chat.completions.create(params);
    const streamed = await openai.chat.completions.stream(params).finalContent();

    expect(JSON.parse(choices[0]?.message.content ?? '')).toEqual(ADA);
    expect(JSON.parse(streamed ?? '')).toEqual(ADA);
  });

  test('is the object of @langchain/openai', async () => {
    proxy.model.answer = sayAda;
    const model = new ChatOpenAI({
      model: 'sonnet',
      apiKey: KEY,
      configuration: { baseURL: `${proxy.url}/v1` },
    }).withStructuredOutput(Person, { method: 'jsonMode' });

    expect(await model.invoke('Who is Ada? Answer in JSON.')).toEqual(ADA);
  });

  test('is what @ai-sdk/openai-compatible asks for as it comes', async () => {
    proxy.model.answer = sayAda;
    const provider = createOpenAICompatible({
      name: 'proxy',
      apiKey: KEY,
      baseURL: `${proxy.url}/v1`,
    });
    const given = {
      model: provider.chatModel('sonnet'),
      prompt: 'Hello.',
      output: Output.object({ schema: Person }),
    };

    expect((await generateText(given)).output).toEqual(ADA);
    expect(await streamText(given).output).toEqual(ADA);
  });

  function sayAda() {
    return toolReply([{ name: 'StructuredOutput', input: ADA }]);
  }
});
