import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText, Output, streamText } from 'ai';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { demoAnswer } from '../../src/demo/answers.ts';
import { toolReply } from '../../src/demo/replies.ts';
import { KEY, type Proxy, startProxy } from '../support/start-proxy.ts';
import { lastRequest } from '../tools/upstream.ts';
import { type Connect, testAiSdk, testObjects, testStops } from './ai-sdk-suite.ts';

let proxy: Proxy;
beforeAll(async () => {
  // The CLI's own retries make failures slow, but without any it does not tell the API's Retry-After.
  proxy = await startProxy({ settings: { CLAUDE_MAX_RETRIES: '1' } });
});
afterAll(() => proxy.stop());
afterEach(() => {
  proxy.model.answer = demoAnswer;
});

describe('@ai-sdk/openai-compatible', () => {
  testAiSdk({ proxy: () => proxy, connect });
  testStops({ proxy: () => proxy, connect });
});

describe('with supportsStructuredOutputs', () => {
  testObjects({
    proxy: () => proxy,
    connect: (options) => connect({ ...options, supportsStructuredOutputs: true }),
  });
});

test('as it comes, which sends no schema, it gets the JSON that the model makes of the prompt', async () => {
  proxy.model.answer = () => toolReply([{ name: 'StructuredOutput', input: { name: 'Ada' } }]);
  const given = {
    model: connect({ baseURL: `${proxy.url}/v1` }),
    prompt: 'Hello.',
    output: Output.object({ schema: z.object({ name: z.string() }) }),
  };

  expect((await generateText(given)).output).toEqual({ name: 'Ada' });
  expect(await streamText(given).output).toEqual({ name: 'Ada' });
});

test('thinking is its reasoning', async () => {
  const given = {
    model: connect({ baseURL: `${proxy.url}/v1` }),
    prompt: 'demo:think',
    providerOptions: { proxy: { reasoningEffort: 'high' } },
  };
  const whole = await generateText(given);
  const streamed = streamText(given);

  expect(whole.reasoningText).toBe('The demo model thinks about its answer.');
  expect(await streamed.reasoningText).toBe(whole.reasoningText);
  expect(lastRequest(proxy).body).toMatchObject({ output_config: { effort: 'high' } });
});

function connect({
  key = KEY,
  ...options
}: Parameters<Connect>[0] & { supportsStructuredOutputs?: boolean }) {
  return createOpenAICompatible({
    name: 'proxy',
    apiKey: key,
    includeUsage: true,
    ...options,
  }).chatModel('sonnet');
}
