import { afterAll, beforeAll, describe } from 'vitest';

import { type Proxy, startProxy } from '../support/start-proxy.ts';
import { testAiSdkAnthropic } from './ai-sdk-anthropic-suite.ts';
import { testAiSdkCompatible, testUnshapedObjects } from './ai-sdk-compatible-suite.ts';
import { testAiSdkOpenai } from './ai-sdk-openai-suite.ts';

let proxy: Proxy;
beforeAll(async () => {
  // The CLI's own retries make failures slow, but without any it does not tell the API's Retry-After.
  proxy = await startProxy({ settings: { CLAUDE_MAX_RETRIES: '1' } });
});
afterAll(() => proxy.stop());

describe.each([
  ['@ai-sdk/anthropic', testAiSdkAnthropic],
  ['@ai-sdk/openai', testAiSdkOpenai],
  ['@ai-sdk/openai-compatible', testAiSdkCompatible],
])('%s', (_, testProvider) => {
  testProvider(() => proxy);
});

describe('@ai-sdk/openai-compatible', () => {
  testUnshapedObjects(() => proxy);
});
