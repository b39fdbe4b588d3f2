import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText, streamText } from 'ai';
import { afterEach, describe, expect, test } from 'vitest';

import { demoAnswer } from '../../src/demo/answers.ts';
import type { Reachable } from '../support/create-scripted-proxy.ts';
import { KEY } from '../support/start-proxy.ts';
import { lastRequest } from '../tools/upstream.ts';
import { type Connect, testAiSdk, testObjects, testStops } from './ai-sdk-suite.ts';

/** What `@ai-sdk/openai-compatible` has to get from the server. */
export function testAiSdkCompatible(proxy: () => Reachable): void {
  afterEach(() => {
    proxy().model.answer = demoAnswer;
  });

  describe('@ai-sdk/openai-compatible', () => {
    testAiSdk({ proxy, connect });
    testStops({ proxy, connect });
  });

  describe('with supportsStructuredOutputs', () => {
    testObjects({
      proxy,
      connect: (options) => connect({ ...options, supportsStructuredOutputs: true }),
    });
  });

  test('thinking is its reasoning', async () => {
    const given = {
      model: connect({ baseURL: `${proxy().url}/v1`, fetch: proxy().fetch }),
      prompt: 'demo:think',
      providerOptions: { proxy: { reasoningEffort: 'high' } },
    };
    const whole = await generateText(given);
    const streamed = streamText(given);

    expect(whole.reasoningText).toBe('The demo model thinks about its answer.');
    expect(await streamed.reasoningText).toBe(whole.reasoningText);
    expect(lastRequest(proxy()).body).toMatchObject({ output_config: { effort: 'high' } });
  });
}

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
