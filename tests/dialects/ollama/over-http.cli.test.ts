import { Ollama } from 'ollama';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { KEY, type Proxy, startProxy } from '../../support/start-proxy.ts';

let proxy: Proxy;
beforeAll(async () => {
  proxy = await startProxy({ settings: { OLLAMA_KEY: 'owner' } });
});
afterAll(() => proxy.stop());

const WEATHER = {
  type: 'function',
  function: {
    name: 'weather',
    description: 'Tells it.',
    parameters: { type: 'object', properties: { city: { type: 'string' } } },
  },
};

test('a client without a key chats over the real CLI', async () => {
  const ollama = new Ollama({ host: proxy.url });
  const stream = await ollama.chat({
    model: 'sonnet',
    messages: [{ role: 'user', content: 'Say hello.' }],
    stream: true,
  });
  const pieces = await Array.fromAsync(stream);

  expect(pieces.map(({ message }) => message.content).join('')).not.toBe('');
  expect(pieces.at(-1)).toMatchObject({ done: true, done_reason: 'stop' });
});

test('a tool is called, and its result, which names no call, is answered', async () => {
  const ollama = new Ollama({ host: proxy.url, headers: { authorization: `Bearer ${KEY}` } });
  const question = { role: 'user', content: 'demo:tool=weather' };
  const first = await ollama.chat({ model: 'sonnet', messages: [question], tools: [WEATHER] });
  const result = { role: 'tool', tool_name: 'weather', content: 'Sunny.' };
  const messages = [question, first.message, result];
  const last = await ollama.chat({ model: 'sonnet', messages, tools: [WEATHER] });

  expect(first.message.tool_calls).toMatchObject([{ function: { name: 'weather' } }]);
  expect(last.message.content).not.toBe('');
});
