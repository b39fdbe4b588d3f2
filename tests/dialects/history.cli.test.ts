import { beforeAll, describe, expect, test } from 'vitest';

import type { UpstreamRequest } from '../../src/demo/model-server.ts';
import { textReply } from '../../src/demo/replies.ts';
import { shareProxy } from '../support/share-proxy.ts';
import type { Proxy } from '../support/start-proxy.ts';
import { ask, CHAT_DIALECTS, toSpoken } from './chat-dialects.ts';

let proxy: Proxy;
beforeAll(async () => {
  proxy = await shareProxy({ answer: () => textReply('ok') });
});

function lastRequest(): UpstreamRequest {
  const request = proxy.model.requests.at(-1);
  if (!request) throw new Error('Nothing arrived upstream.');
  return request;
}

const toCall = (id: string, name: string, input: object) => ({
  id,
  type: 'function',
  function: { name, arguments: JSON.stringify(input) },
});

const text = (said: string) => ({ type: 'text', text: said });

describe.for(CHAT_DIALECTS)('$name', (dialect) => {
  test('a conversation arrives with its true roles, instructions apart', async () => {
    await ask(proxy, dialect, {
      system: 'You are a parrot.',
      messages: [
        { role: 'user', content: 'One' },
        { role: 'assistant', content: 'Two' },
        { role: 'user', content: 'Three' },
        { role: 'assistant', content: 'Four' },
        { role: 'user', content: 'Five' },
      ],
    });

    const request = lastRequest();
    expect(toSpoken(request)).toEqual([
      { role: 'user', content: 'One' },
      { role: 'assistant', content: [text('Two')] },
      { role: 'user', content: 'Three' },
      { role: 'assistant', content: [text('Four')] },
      { role: 'user', content: 'Five' },
    ]);
    expect(request.body.system).toContainEqual(
      expect.objectContaining({ text: 'You are a parrot.' }),
    );
  });

  test('what one conversation said is in no other', async () => {
    const somebody = { role: 'user', content: 'Somebody' } as const;
    await ask(proxy, dialect, { system: 'A secret rule.', messages: [somebody] });
    await ask(proxy, dialect, { messages: [{ role: 'user', content: 'Another' }] });

    const { body } = lastRequest();
    expect(JSON.stringify(body)).not.toContain('Somebody');
    expect(JSON.stringify(body)).not.toContain('A secret rule.');
  });
});

/** Two calls, one of which failed silently, then a question. */
const ARRIVED = [
  { role: 'user', content: 'q' },
  {
    role: 'assistant',
    content: [
      text('Let me see.'),
      { type: 'tool_use', id: 'toolu_1', name: 'get_weather', input: { city: 'Köln' } },
      { type: 'tool_use', id: 'toolu_2', name: 'Bash', input: {} },
    ],
  },
  {
    role: 'user',
    content: [
      { type: 'tool_result', tool_use_id: 'toolu_1', content: [text('rain')] },
      expect.objectContaining({ type: 'tool_result', tool_use_id: 'toolu_2' }),
      text('go on'),
    ],
  },
];

test('openai-chat: tool calls and their results arrive with their ids', async () => {
  const calls = [toCall('toolu_1', 'get_weather', { city: 'Köln' }), toCall('toolu_2', 'Bash', {})];
  const response = await proxy.send('/v1/chat/completions', {
    model: 'sonnet',
    messages: [
      { role: 'user', content: 'q' },
      { role: 'assistant', content: 'Let me see.', tool_calls: calls },
      { role: 'tool', tool_call_id: 'toolu_1', content: 'rain' },
      { role: 'tool', tool_call_id: 'toolu_2', content: '' },
      { role: 'user', content: 'go on' },
    ],
  });

  expect(response.status).toBe(200);
  expect(toSpoken(lastRequest())).toEqual(ARRIVED);
});

test('anthropic-messages: tool calls and their results arrive with their ids', async () => {
  const response = await proxy.send('/v1/messages', {
    model: 'sonnet',
    max_tokens: 100,
    messages: [
      { role: 'user', content: 'q' },
      {
        role: 'assistant',
        content: [
          text('Let me see.'),
          { type: 'tool_use', id: 'toolu_1', name: 'get_weather', input: { city: 'Köln' } },
          { type: 'tool_use', id: 'toolu_2', name: 'Bash', input: {} },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'toolu_1', content: 'rain' },
          { type: 'tool_result', tool_use_id: 'toolu_2', is_error: true },
          text('go on'),
        ],
      },
    ],
  });

  expect(response.status).toBe(200);
  const spoken = toSpoken(lastRequest());
  expect(spoken).toEqual(ARRIVED);
  expect(spoken.at(-1)?.content).toContainEqual(
    expect.objectContaining({ tool_use_id: 'toolu_2', is_error: true }),
  );
});

/** One grey pixel. */
const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==';

test('images and documents arrive as they were sent', async () => {
  await proxy.send('/v1/chat/completions', {
    model: 'sonnet',
    messages: [
      {
        role: 'user',
        content: [
          { type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}` } },
          {
            type: 'file',
            file: { filename: 'a.txt', file_data: `data:text/plain;base64,${btoa('plain')}` },
          },
          text('go on'),
        ],
      },
    ],
  });

  expect(toSpoken(lastRequest())).toEqual([
    {
      role: 'user',
      content: [
        { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } },
        {
          type: 'document',
          title: 'a.txt',
          source: { type: 'text', media_type: 'text/plain', data: 'plain' },
        },
        text('go on'),
      ],
    },
  ]);
});
