import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText, Output, streamText } from 'ai';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { demoAnswer } from '../../src/demo/answers.ts';
import { toolReply } from '../../src/demo/replies.ts';
import { KEY, type Proxy, startProxy } from '../support/start-proxy.ts';
import { lastRequest } from '../tools/upstream.ts';
import { type Provider, testAiSdk, testObjects } from './ai-sdk-suite.ts';

const openai: Provider = {
  name: '@ai-sdk/openai (chat)',
  connect: ({ key = KEY, ...options }) => createOpenAI({ apiKey: key, ...options }).chat('sonnet'),
};

const compatible: Provider = {
  name: '@ai-sdk/openai-compatible',
  connect: (options) => toCompatible(options),
};

const anthropic: Provider = {
  name: '@ai-sdk/anthropic',
  connect: ({ key = KEY, ...options }) => createAnthropic({ apiKey: key, ...options })('sonnet'),
};

let proxy: Proxy;
beforeAll(async () => {
  // The CLI's own retries make failures slow, but without any it does not tell the API's Retry-After.
  proxy = await startProxy({ settings: { CLAUDE_MAX_RETRIES: '1' } });
});
afterAll(() => proxy.stop());
afterEach(() => {
  proxy.model.answer = demoAnswer;
});

describe.each([openai, compatible, anthropic])('$name', (provider) => {
  testAiSdk({ proxy: () => proxy, ...provider });
});

describe.each([
  openai,
  {
    name: '@ai-sdk/openai-compatible with supportsStructuredOutputs',
    connect: (options) => toCompatible({ ...options, supportsStructuredOutputs: true }),
  },
  anthropic,
] satisfies Provider[])('$name', ({ connect }) => {
  testObjects({ proxy: () => proxy, connect });
});

describe('@ai-sdk/openai-compatible as it comes, which sends no schema', () => {
  const output = Output.object({ schema: z.object({ name: z.string() }) });
  const given = () => ({
    model: toCompatible({ baseURL: `${proxy.url}/v1` }),
    prompt: 'Hello.',
    output,
  });

  test('gets the JSON object that the model makes of the prompt', async () => {
    proxy.model.answer = () => toolReply([{ name: 'StructuredOutput', input: { name: 'Ada' } }]);

    expect((await generateText(given())).output).toEqual({ name: 'Ada' });
    expect(await streamText(given()).output).toEqual({ name: 'Ada' });
  });
});

describe('thinking', () => {
  const prompt = 'demo:think';

  test('is the reasoning of @ai-sdk/openai-compatible', async () => {
    const model = toCompatible({ baseURL: `${proxy.url}/v1` });
    const providerOptions = { proxy: { reasoningEffort: 'high' } };
    const whole = await generateText({ model, prompt, providerOptions });
    const streamed = streamText({ model, prompt, providerOptions });

    expect(lastRequest(proxy).body).toMatchObject({ output_config: { effort: 'high' } });
    expect(whole.reasoningText).toBe('The demo model thinks about its answer.');
    expect(await streamed.reasoningText).toBe(whole.reasoningText);
  });

  test('is the reasoning of @ai-sdk/anthropic, signed', async () => {
    const model = anthropic.connect({ baseURL: `${proxy.url}/v1` });
    const providerOptions = { anthropic: { thinking: { type: 'enabled', budgetTokens: 2000 } } };
    const whole = await generateText({ model, prompt, providerOptions });
    const streamed = streamText({ model, prompt, providerOptions });

    expect(lastRequest(proxy).body).toMatchObject({ thinking: { type: 'enabled' } });
    expect(whole.reasoning).toMatchObject([
      {
        text: 'The demo model thinks about its answer.',
        providerMetadata: { anthropic: { signature: expect.stringMatching(/\w/) } },
      },
    ]);
    expect(await streamed.reasoningText).toBe(whole.reasoningText);
  });
});

function toCompatible({
  key = KEY,
  ...options
}: Parameters<Provider['connect']>[0] & { supportsStructuredOutputs?: boolean }) {
  return createOpenAICompatible({
    name: 'proxy',
    apiKey: key,
    includeUsage: true,
    ...options,
  }).chatModel('sonnet');
}
