import { afterAll, beforeAll, expect, test } from 'vitest';

import { type Proxy, startProxy } from '../support/start-proxy.ts';

let proxy: Proxy;
beforeAll(async () => {
  proxy = await startProxy();
});
afterAll(() => proxy.stop());

test('a chat completion comes from the real CLI', async () => {
  const response = await proxy.send('/v1/chat/completions', {
    model: 'sonnet',
    messages: [{ role: 'user', content: 'Say hello.' }],
  });

  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({
    id: expect.stringMatching(/^chatcmpl-/),
    object: 'chat.completion',
    model: 'claude-sonnet-5-5',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: expect.stringContaining('Say hello.') },
        finish_reason: 'stop',
      },
    ],
  });
});
