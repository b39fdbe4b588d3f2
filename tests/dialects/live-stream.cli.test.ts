import { beforeAll, describe, expect, test } from 'vitest';

import { heldReply, textReply } from '../../src/demo/replies.ts';
import { readSse, type Sse } from '../support/read-sse.ts';
import { shareProxy } from '../support/share-proxy.ts';
import type { Proxy } from '../support/start-proxy.ts';
import { CHAT_DIALECTS } from './chat-dialects.ts';

let proxy: Proxy;
beforeAll(async () => {
  proxy = await shareProxy();
});

const MESSAGES = [{ role: 'user', content: 'Hi' }] as const;

type DirectDelta = { type: string; delta?: string };

/** Every API streams as the model speaks. */
const STREAMS = [
  ...CHAT_DIALECTS.map(({ name, path, toBody, readText }) => ({
    name,
    path,
    body: toBody({ messages: MESSAGES, stream: true }),
    readText,
  })),
  {
    name: 'direct',
    path: '/api/run',
    body: { model: 'sonnet', prompt: 'Hi', stream: true },
    readText: ({ data }: Sse) => (JSON.parse(data) as DirectDelta).delta ?? '',
  },
];

describe.for(STREAMS)('$name', ({ path, body, readText }) => {
  test('the first text is out before the model has finished', async () => {
    const release = Promise.withResolvers<void>();
    proxy.model.answer = () => heldReply('Hello you there', release.promise);
    const response = await proxy.send(path, body);

    let text = '';
    for await (const message of readSse(response)) {
      text += readText(message);
      // Until it is released the model is silent: text that waits for its end would never come.
      if (text !== '') release.resolve();
    }
    expect(text).toBe('Hello you there');
  });

  test('every delta of the model is one message', async () => {
    const pieces = [
      'a',
      'b c',
      ' ',
      '\n\n',
      'data: x\n\nevent: y',
      '\u2028',
      '👩‍👩‍👧‍👦',
      'z'.repeat(70_000),
    ];
    proxy.model.answer = () => textReply('', { pieces });
    const messages = await Array.fromAsync(readSse(await proxy.send(path, body)));

    expect(messages.map(readText).filter((text) => text !== '')).toEqual(pieces);
  });
});
