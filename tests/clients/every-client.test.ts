import { describe } from 'vitest';

import { createScriptedProxy } from '../support/create-scripted-proxy.ts';
import { testBaseUrls } from './conversation-suite.ts';
import { CLIENTS } from './every-client.ts';
import { testClient } from './every-client-suite.ts';

const proxy = createScriptedProxy();

describe.each(Object.entries(CLIENTS))('%s', (name, connect) => {
  testClient({ proxy: () => proxy, connect });
  // Ollama's API is below no version.
  if (!name.includes('ollama'))
    testBaseUrls({
      proxy: () => proxy,
      connect: (baseURL) => connect({ baseURL, fetch: proxy.fetch }),
    });
});
