import { describe } from 'vitest';

import { createScriptedProxy } from '../support/create-scripted-proxy.ts';
import { testAiSdkAnthropic } from './ai-sdk-anthropic-suite.ts';
import { testAiSdkCompatible } from './ai-sdk-compatible-suite.ts';
import { testAiSdkOpenai } from './ai-sdk-openai-suite.ts';

const proxy = createScriptedProxy();

describe.each([
  ['@ai-sdk/anthropic', testAiSdkAnthropic],
  ['@ai-sdk/openai', testAiSdkOpenai],
  ['@ai-sdk/openai-compatible', testAiSdkCompatible],
])('%s', (_, testProvider) => {
  testProvider(() => proxy);
});
