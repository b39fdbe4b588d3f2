import { createAnthropic } from '@ai-sdk/anthropic';
import { generateText, streamText } from 'ai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { KEY, type Proxy, startProxy } from '../support/start-proxy.ts';
import { lastRequest } from '../tools/upstream.ts';
import { type Connect, testAiSdk, testObjects, testStops } from './ai-sdk-suite.ts';

let proxy: Proxy;
beforeAll(async () => {
  // The CLI's own retries make failures slow, but without any it does not tell the API's Retry-After.
  proxy = await startProxy({ settings: { CLAUDE_MAX_RETRIES: '1' } });
});
afterAll(() => proxy.stop());

const connect: Connect = ({ key = KEY, ...options }) =>
  createAnthropic({ apiKey: key, ...options })('sonnet');

describe('@ai-sdk/anthropic', () => {
  testAiSdk({ proxy: () => proxy, connect });
  testStops({ proxy: () => proxy, connect });
  testObjects({ proxy: () => proxy, connect });
});

test('thinking is its reasoning, signed', async () => {
  const given = {
    model: connect({ baseURL: `${proxy.url}/v1` }),
    prompt: 'demo:think',
    providerOptions: { anthropic: { thinking: { type: 'enabled', budgetTokens: 2000 } } },
  };
  const whole = await generateText(given);
  const streamed = streamText(given);

  expect(lastRequest(proxy).body).toMatchObject({ thinking: { type: 'enabled' } });
  expect(whole.reasoning).toMatchObject([
    {
      text: 'The demo model thinks about its answer.',
      providerMetadata: { anthropic: { signature: expect.stringMatching(/\w/) } },
    },
  ]);
  expect(await streamed.reasoningText).toBe(whole.reasoningText);
});
