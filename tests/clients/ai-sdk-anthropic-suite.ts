import { createAnthropic } from '@ai-sdk/anthropic';
import { generateText, streamText } from 'ai';
import { describe, expect, test } from 'vitest';

import type { Reachable } from '../support/create-scripted-proxy.ts';
import { KEY } from '../support/start-proxy.ts';
import { lastRequest } from '../tools/upstream.ts';
import { type Connect, testAiSdk, testObjects, testStops } from './ai-sdk-suite.ts';

const connect: Connect = ({ key = KEY, ...options }) =>
  createAnthropic({ apiKey: key, ...options })('sonnet');

/** What `@ai-sdk/anthropic` has to get from the server. */
export function testAiSdkAnthropic(proxy: () => Reachable): void {
  describe('@ai-sdk/anthropic', () => {
    testAiSdk({ proxy, connect });
    testStops({ proxy, connect });
    testObjects({ proxy, connect });
  });

  test('thinking is its reasoning, signed', async () => {
    const given = {
      model: connect({ baseURL: `${proxy().url}/v1`, fetch: proxy().fetch }),
      prompt: 'demo:think',
      providerOptions: { anthropic: { thinking: { type: 'enabled', budgetTokens: 2000 } } },
    };
    const whole = await generateText(given);
    const streamed = streamText(given);

    expect(lastRequest(proxy()).body).toMatchObject({ thinking: { type: 'enabled' } });
    expect(whole.reasoning).toMatchObject([
      {
        text: 'The demo model thinks about its answer.',
        providerMetadata: { anthropic: { signature: expect.stringMatching(/\w/) } },
      },
    ]);
    expect(await streamed.reasoningText).toBe(whole.reasoningText);
  });
}
