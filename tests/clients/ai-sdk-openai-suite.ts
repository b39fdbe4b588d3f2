import { createOpenAI } from '@ai-sdk/openai';
import { describe } from 'vitest';

import type { Reachable } from '../support/create-scripted-proxy.ts';
import { KEY } from '../support/start-proxy.ts';
import { type Connect, testAiSdk, testObjects, testStops } from './ai-sdk-suite.ts';

const connect: Connect = ({ key = KEY, ...options }) =>
  createOpenAI({ apiKey: key, ...options }).chat('sonnet');

/** What `@ai-sdk/openai, chat completions` has to get from the server. */
export function testAiSdkOpenai(proxy: () => Reachable): void {
  describe('@ai-sdk/openai, chat completions', () => {
    testAiSdk({ proxy, connect });
    testStops({ proxy, connect });
    testObjects({ proxy, connect });
  });
}
