import { describe, expect, test } from 'vitest';

import { readSse, type Sse } from '../support/read-sse.ts';
import { createScriptedProxy } from '../support/create-scripted-proxy.ts';
import type { ChatClient, Turn } from './chat-client.ts';
import { testConversations } from './conversation-suite.ts';

const HELLO: Turn[] = [{ role: 'user', content: 'Hello.' }];

const proxy = createScriptedProxy();

describe('chat completions', () => {
  testConversations({
    proxy: () => proxy,
    connect: () =>
      connect({
        path: '/v1/chat/completions',
        fields: { model: 'sonnet' },
        toWhole: (text) => JSON.parse(text).choices[0].message.content,
        toPiece: ({ data }) =>
          data === '[DONE]' ? '' : (JSON.parse(data).choices[0].delta.content ?? ''),
      }),
  });

  test('a stream ends with [DONE], and its messages have no names', async () => {
    const messages = await stream('/v1/chat/completions', { model: 'sonnet' });

    expect(messages.at(-1)).toEqual({ event: undefined, data: '[DONE]' });
    expect(messages.filter(({ data }) => data === '[DONE]')).toHaveLength(1);
    expect(messages.some(({ event }) => event !== undefined)).toBe(false);
  });
});

describe('messages', () => {
  testConversations({
    proxy: () => proxy,
    connect: () =>
      connect({
        path: '/v1/messages',
        fields: { model: 'sonnet', max_tokens: 1000 },
        toWhole: (text) => JSON.parse(text).content[0].text,
        toPiece: ({ data }) => JSON.parse(data).delta?.text ?? '',
      }),
  });

  test('each message of a stream is named by its type, and there is no [DONE]', async () => {
    const messages = await stream('/v1/messages', { model: 'sonnet', max_tokens: 1000 });

    expect(messages.map(({ event }) => event)).toEqual(
      messages.map(({ data }) => JSON.parse(data).type),
    );
    expect(messages[0]?.event).toBe('message_start');
    expect(messages.at(-1)?.event).toBe('message_stop');
  });
});

type Api = {
  path: string;
  fields: object;
  toWhole: (text: string) => string;
  toPiece: (message: Sse) => string;
};

function connect({ path, fields, toWhole, toPiece }: Api): ChatClient {
  return {
    async askWhole(messages) {
      return toWhole(await (await proxy.send(path, { ...fields, messages })).text());
    },
    async *askStreamed(messages, signal) {
      const response = await proxy.send(path, { ...fields, messages, stream: true }, { signal });
      const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
      let pending = '';
      for (;;) {
        const { done = true, value } = (await reader?.read()) ?? {};
        if (done) return;
        const blocks = (pending + value).split('\n\n');
        pending = blocks.pop() ?? '';
        for (const block of blocks) yield toPiece(toSse(block));
      }
    },
  };
}

function toSse(block: string): Sse {
  const data = /^data: (.*)$/m.exec(block)?.[1] ?? '{}';
  return { event: /^event: (.*)$/m.exec(block)?.[1], data };
}

async function stream(path: string, fields: object): Promise<Sse[]> {
  return Array.fromAsync(
    readSse(await proxy.send(path, { ...fields, messages: HELLO, stream: true })),
  );
}
