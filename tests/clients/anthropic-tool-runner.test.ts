import Anthropic from '@anthropic-ai/sdk';
import { expect, test } from 'vitest';

import { createScriptedProxy } from '../support/create-scripted-proxy.ts';
import { KEY } from '../support/start-proxy.ts';
import { recordFetch } from './record-fetch.ts';

const proxy = createScriptedProxy();

test('the tool runner, told that no threads are kept, sends the whole history instead', async () => {
  const { fetch, exchanges } = recordFetch(proxy.fetch);
  const anthropic = new Anthropic({ baseURL: proxy.url, apiKey: KEY, fetch });

  const message = await anthropic.beta.messages.toolRunner({
    model: 'sonnet',
    max_tokens: 1000,
    messages: [
      { role: 'user', content: 'My name is Ada.' },
      { role: 'assistant', content: 'Hello, Ada.' },
      { role: 'user', content: 'Who am I?' },
    ],
    tools: [],
  });

  expect(exchanges.map(({ response }) => response.status)).toEqual([400, 200]);
  expect(exchanges[0]?.headers.get('anthropic-beta')).toContain('message-threads-');
  expect(exchanges[0]?.body).toMatchObject({ thread: { type: 'create' } });
  expect(exchanges[1]?.body).not.toHaveProperty('thread');
  expect(exchanges[1]?.body).toMatchObject({ messages: [{}, {}, { content: 'Who am I?' }] });
  expect(message.content).toMatchObject([{ text: expect.stringContaining('sent 3 messages') }]);
});

test.each([{ type: 'create' }, { type: 'continue', previous_message_id: 'msg_1' }])(
  'a thread to $type is refused in the words that the SDK knows',
  async (thread) => {
    const response = await proxy.send('/v1/messages', {
      model: 'sonnet',
      max_tokens: 1000,
      messages: [{ role: 'user', content: 'Hello.' }],
      thread,
    });

    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      type: 'error',
      error: {
        type: 'invalid_request_error',
        details: { error_code: 'thread_unsupported_request', unsupported: ['thread'] },
      },
    });
  },
);
