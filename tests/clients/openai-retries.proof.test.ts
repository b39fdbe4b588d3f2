import OpenAI from 'openai';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import { demoAnswer } from '../../src/demo/answers.ts';
import { errorReply } from '../../src/demo/replies.ts';
import { KEY, type Proxy, startProxy } from '../support/start-proxy.ts';
import { recordFetch } from './record-fetch.ts';

let proxy: Proxy;
beforeAll(async () => {
  proxy = await startProxy();
});
afterAll(() => proxy.stop());

test("the API's Retry-After reaches the client, which waits so long and tries again", async () => {
  const { fetch, exchanges } = recordFetch();
  const openai = new OpenAI({ baseURL: `${proxy.url}/v1`, apiKey: KEY, fetch });
  const timers = vi.spyOn(globalThis, 'setTimeout');
  proxy.model.answer = () => {
    proxy.model.answer = demoAnswer;
    return errorReply(429, 'rate_limit_error', 'Too many requests.', { retryAfter: 3 });
  };

  const completion = await openai.chat.completions.create({
    model: 'sonnet',
    messages: [{ role: 'user', content: 'Hello.' }],
  });

  const waits = timers.mock.calls.map(([, delayMs]) => delayMs);
  timers.mockRestore();
  expect(exchanges.map(({ response }) => response.status)).toEqual([429, 200]);
  const retryAfter = Number(exchanges[0]?.response.headers.get('retry-after'));
  expect(retryAfter).toBeGreaterThanOrEqual(3);
  expect(waits).toContain(retryAfter * 1000);
  expect(completion.choices[0]?.message.content).toContain('Hello.');
});
