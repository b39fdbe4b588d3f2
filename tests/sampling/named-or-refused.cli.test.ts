import { beforeAll, describe, expect, test } from 'vitest';

import { CHAT_DIALECTS } from '../dialects/chat-dialects.ts';
import { shareProxy } from '../support/share-proxy.ts';
import { ONE_EACH, type Proxy } from '../support/start-proxy.ts';
import { readProcesses } from '../support/watch-place.ts';
import { askFor } from './ask-for.ts';

let proxy: Proxy;
beforeAll(async () => {
  proxy = await shareProxy({ settings: ONE_EACH });
});

const [openaiChat, anthropicMessages] = CHAT_DIALECTS;
if (!openaiChat || !anthropicMessages) throw new Error('Both dialects are in the table.');

describe('refused before any process, whole and streamed', () => {
  test.for([
    ['n', openaiChat, { n: 9 }],
    ['logprobs', openaiChat, { logprobs: true }],
    ['modalities.1', openaiChat, { modalities: ['text', 'audio'] }],
    ['temperature', openaiChat, { temperature: 2.1 }],
    ['stop', openaiChat, { stop: ['a', 'b', 'c', 'd', 'e'] }],
    ['temperature', anthropicMessages, { temperature: 1.1 }],
    ['thinking.budget_tokens', anthropicMessages, { thinking: { type: 'enabled' } }],
    ['top_k', anthropicMessages, { top_k: 1.5 }],
  ] as const)('%s, in its words', async ([param, dialect, fields]) => {
    for (const stream of [false, true]) {
      const before = await readProcesses(proxy);
      const { status, body, upstream } = await askFor(proxy, dialect, fields, { stream });
      expect(status).toBe(400);
      expect(body).toMatchObject({
        error: { type: 'invalid_request_error', message: expect.stringContaining(param) },
      });
      expect(upstream).toEqual([]);
      expect(before).toEqual(expect.arrayContaining(await readProcesses(proxy)));
    }
  });
});

test('hints that nothing can be done with are named, neutral values are not', async () => {
  const hints = { seed: 1, presence_penalty: 0.5, frequency_penalty: -1, logit_bias: { 1: 5 } };
  const neutral = { n: 1, logprobs: false, top_logprobs: 0, service_tier: 'auto', store: false };
  const asked = await askFor(proxy, openaiChat, { ...hints, ...neutral, something_new: [] });
  expect(asked).toMatchObject({ status: 200, ignored: [...Object.keys(hints), 'something_new'] });
});

test('a temperature above the API’s highest is the highest, and named', async () => {
  const warm = await askFor(proxy, openaiChat, { temperature: 1.7 });
  expect(warm).toMatchObject({ status: 200, ignored: ['temperature'] });
  expect(warm.upstream).toMatchObject([{ temperature: 1 }]);

  const highest = await askFor(proxy, openaiChat, { temperature: 1 });
  expect(highest.ignored).toEqual([]);
});

test('keys of any name and number leave the header readable', async () => {
  const many = Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`key_${index}`, 1]));
  const odd = { 'a\r\nset-cookie: x': 1, ünï: 1, '': 1, constructor: 1, toString: 1, ...many };
  const { status, ignored } = await askFor(proxy, anthropicMessages, odd);
  expect(status).toBe(200);
  expect(ignored.slice(0, 3)).toEqual(['constructor', 'toString', 'key_0']);
  expect(ignored.join(', ').length).toBeLessThan(4000);
});
