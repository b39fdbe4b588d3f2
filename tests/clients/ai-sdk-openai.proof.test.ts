import { createOpenAI } from '@ai-sdk/openai';
import { afterAll, beforeAll, describe } from 'vitest';

import { KEY, type Proxy, startProxy } from '../support/start-proxy.ts';
import { type Connect, testAiSdk, testObjects, testStops } from './ai-sdk-suite.ts';

let proxy: Proxy;
beforeAll(async () => {
  // The CLI's own retries make failures slow, but without any it does not tell the API's Retry-After.
  proxy = await startProxy({ settings: { CLAUDE_MAX_RETRIES: '1' } });
});
afterAll(() => proxy.stop());

const connect: Connect = ({ key = KEY, ...options }) =>
  createOpenAI({ apiKey: key, ...options }).chat('sonnet');

describe('@ai-sdk/openai, chat completions', () => {
  testAiSdk({ proxy: () => proxy, connect });
  testStops({ proxy: () => proxy, connect });
  testObjects({ proxy: () => proxy, connect });
});
